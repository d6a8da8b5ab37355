import { endedCodes, errorCatalogue } from './errors.ts';
import { inputSchema } from './openapi.ts';
import { connectSchema, eventSchemas } from './socket-schemas.ts';
import type { ServerEventName } from './types.ts';

/** What each server event says; the record is exhaustive, so a new event cannot be forgotten. */
const serverEvents: Record<ServerEventName, { summary: string; fields: readonly string[] }> = {
  'session:ready': {
    summary: 'The socket is live in all conversations',
    fields: ['userId', 'sessionId', 'podId', 'version', 'epoch', 'serverTime', 'expiresAt', 'limits'],
  },
  'session:expiring': { summary: 'The access token ends soon; answer with auth:refresh', fields: ['expiresAt'] },
  'session:ended': { summary: `The server closes the socket: ${endedCodes.join(', ')}`, fields: ['code', 'message', 'reconnect'] },
  entries: { summary: 'Entries in seq order', fields: ['conversationId', 'entries'] },
  receipts: { summary: 'Somebody received or read', fields: ['conversationId', 'userId'] },
  typing: { summary: 'Somebody types or stopped', fields: ['conversationId', 'userId', 'on'] },
  presence: { summary: 'Presence of a watched person', fields: ['userId', 'status', 'lastSeenAt'] },
  profile: { summary: 'A profile changed', fields: ['user'] },
  'conversation:added': { summary: 'A new conversation', fields: ['conversation'] },
  'conversation:removed': { summary: 'A conversation is gone', fields: ['conversationId', 'reason'] },
  'conversation:me': { summary: 'The own settings or read position changed', fields: ['conversationId', 'me'] },
  blocks: { summary: 'Whom the own account has blocked: the whole list', fields: ['userIds'] },
  'message:rejected': { summary: 'A queued message was refused', fields: ['conversationId', 'clientMsgId', 'error'] },
  changes: { summary: 'The first page of changes, when since came with CONNECT', fields: ['conversations', 'removed', 'next', 'more'] },
  resync: { summary: 'Call changes, then sync', fields: ['reason'] },
  'server:drain': { summary: 'Settle what is open and reconnect after the delay', fields: ['reconnectInMs', 'reason'] },
};

const keyOf = (event: string) => event.replace(/:(\w)/g, (_all, letter: string) => letter.toUpperCase());
const messageRef = (key: string) => ({ $ref: `#/channels/socket/messages/${key}` });

export function buildAsyncApi(version: string): Record<string, unknown> {
  const client = Object.entries(eventSchemas).map(
    ([event, schema]) => [`client_${keyOf(event)}`, { name: event, payload: inputSchema(schema) }] as const,
  );
  const server = Object.entries(serverEvents).map(
    ([event, { summary, fields }]) => [`server_${keyOf(event)}`, { name: event, summary, payload: shape(fields) }] as const,
  );
  return {
    asyncapi: '3.0.0',
    info: { title: 'chatcluster', version, license: { name: 'Apache-2.0' } },
    defaultContentType: 'application/json',
    channels: {
      socket: {
        address: '/socket.io/',
        description: 'Socket.IO protocol 5, namespace /, WebSocket transport.',
        messages: { ...Object.fromEntries(client), ack: { name: 'ack', payload: ackSchema }, ...Object.fromEntries(server) },
      },
    },
    operations: { ...clientOperations(client.map(([key]) => key)), ...serverOperations(server.map(([key]) => key)) },
    components: { schemas: { ConnectAuth: inputSchema(connectSchema) } },
  };
}

function shape(fields: readonly string[]): Record<string, unknown> {
  return { type: 'object', required: fields, properties: Object.fromEntries(fields.map((field) => [field, {}])) };
}

/** From the server's point of view: it receives what clients send, and answers with the ack. */
function clientOperations(keys: string[]): Record<string, unknown> {
  const channel = { $ref: '#/channels/socket' };
  return Object.fromEntries(
    keys.map((key) => [
      key,
      { action: 'receive', channel, messages: [messageRef(key)], reply: { channel, messages: [messageRef('ack')] } },
    ]),
  );
}

function serverOperations(keys: string[]): Record<string, unknown> {
  return Object.fromEntries(
    keys.map((key) => [key, { action: 'send', channel: { $ref: '#/channels/socket' }, messages: [messageRef(key)] }]),
  );
}

const ackSchema = {
  oneOf: [
    { type: 'object', required: ['ok', 'data'], properties: { ok: { const: true }, data: {} } },
    {
      type: 'object',
      required: ['ok', 'error'],
      properties: {
        ok: { const: false },
        error: {
          type: 'object',
          required: ['code', 'message', 'retryable'],
          properties: {
            code: { enum: Object.keys(errorCatalogue) },
            message: { type: 'string' },
            retryable: { type: 'boolean' },
            retryAfterMs: { type: 'integer' },
            details: {},
          },
        },
      },
    },
  ],
};
