import { z } from 'zod';
import { errorCatalogue } from './errors.ts';
import { restSchemas, type RestOperation } from './rest-schemas.ts';

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
interface Route {
  method: Method;
  path: string;
  summary: string;
  status: number;
  /** Its schema is the body of a write and the query of a read. */
  input?: RestOperation;
  isPublic?: boolean;
}

/** `place`: the method and the path. */
function route(place: string, status: number, summary: string, input?: RestOperation): Route {
  const [method, path] = place.split(' ') as [Method, string];
  return { method, path, status, summary, ...(input ? { input } : {}) };
}

const open = (entry: Route): Route => ({ ...entry, isPublic: true });
const conversation = '/v1/conversations/{id}';
const message = `${conversation}/messages/{messageId}`;

/** Every route of `/v1` that the server implements (protocol.md 8). */
export const routes: readonly Route[] = [
  open(route('post /v1/auth/register', 201, 'Sign up; 202 where mail is configured: a link was sent, known address or not', 'register')),
  open(route('post /v1/auth/login', 200, 'Sign in; with a second factor the answer is { mfaToken, expiresIn }', 'login')),
  open(route('post /v1/auth/guest', 201, 'Sign in as a guest', 'guest')),
  open(route('post /v1/auth/refresh', 200, 'Rotate the refresh token', 'refresh')),
  route('post /v1/auth/logout', 204, 'Sign out'),
  route('post /v1/auth/tickets', 201, 'Make a single-use ticket for a socket'),
  route('get /v1/auth/sessions', 200, 'List the own sessions'),
  route('delete /v1/auth/sessions/{id}', 204, 'End a session'),
  route('post /v1/auth/password/change', 204, 'Change the password', 'changePassword'),
  open(route('post /v1/auth/password/forgot', 202, 'Ask for a link to a new password, known address or not', 'forgotPassword')),
  open(route('post /v1/auth/password/reset', 204, 'Choose a new password by a link; ends every session', 'resetPassword')),
  open(route('post /v1/auth/email/verify', 200, 'Use the link of a mail: a sign-up or upgrade signs in', 'verifyEmail')),
  route('post /v1/auth/email/change', 202, 'Ask for another address; 200 with the user where no mail is sent', 'changeEmail'),
  route('post /v1/auth/upgrade', 200, 'Make a guest a user; 202 where mail is configured: a link was sent', 'upgrade'),
  route('get /v1/auth/methods', 200, 'How this account can sign in'),
  route('post /v1/auth/totp', 200, 'Set a second factor up; with a code: switch it on and give recovery codes', 'turnTotpOn'),
  route('delete /v1/auth/totp', 204, 'Switch the second factor off', 'turnTotpOff'),
  route(
    'post /v1/auth/admin-link',
    200,
    'Become the first administrator by the link of whoever runs the installation; the own record',
    'becomeAdmin',
  ),
  open(route('post /v1/auth/totp/verify', 200, 'End a sign-in that needs a second factor', 'verifyTotp')),
  open(route('get /v1/auth/challenge', 200, 'The proof of work that signing up needs here')),
  open(route('get /v1/auth/providers', 200, 'How one can sign in here')),
  open(route('get /v1/auth/providers/{name}/start', 303, 'Go to an identity provider', 'startProvider')),
  open(route('get /v1/auth/providers/{name}/callback', 303, 'Come back from an identity provider')),
  open(route('get /.well-known/jwks.json', 200, 'The keys that access tokens are signed with')),
  route('get /v1/users/me', 200, 'The own record'),
  route('patch /v1/users/me', 200, 'Change the own record', 'patchMe'),
  route('get /v1/users', 200, 'Search users', 'searchUsers'),
  route('get /v1/users/{id}', 200, 'One user'),
  route('post /v1/conversations', 201, 'Create a conversation; a direct one that exists answers 200', 'createConversation'),
  route('get /v1/conversations', 200, 'List the own conversations', 'listPage'),
  route(`get ${conversation}`, 200, 'One conversation'),
  route(`patch ${conversation}`, 200, 'Change a conversation', 'patchConversation'),
  route(`delete ${conversation}`, 204, 'Delete a conversation'),
  route(`get ${conversation}/members`, 200, 'List members', 'listPage'),
  route(`post ${conversation}/members`, 200, 'Add members', 'addMembers'),
  route(`patch ${conversation}/members/{userId}`, 200, 'Change the role of a member', 'patchMember'),
  route(`delete ${conversation}/members/{userId}`, 204, 'Remove a member'),
  route(`post ${conversation}/join`, 200, 'Join a channel'),
  route(`post ${conversation}/leave`, 204, 'Leave'),
  route(`post ${conversation}/read`, 204, 'Move the own read position forward', 'read'),
  route(`post ${conversation}/unread`, 200, 'Set the own read position back', 'read'),
  route(`post ${conversation}/threads/{rootId}/read`, 200, 'Move the own read position in a thread forward', 'read'),
  route(`patch ${conversation}/me`, 200, 'Change the own settings', 'patchConversationMe'),
  route('get /v1/channels', 200, 'Browse channels', 'browseChannels'),
  route(`get ${conversation}/messages`, 200, 'History', 'history'),
  route(`post ${conversation}/messages`, 201, 'Send a message; 200 for a duplicate, 202 when queued', 'sendMessage'),
  route(`patch ${message}`, 200, 'Edit a message', 'editMessage'),
  route(`delete ${message}`, 200, 'Delete a message'),
  route(`get ${message}/reactions/{emoji}`, 200, 'Who reacted to a message with this emoji, the first one first', 'listPage'),
  route(`put ${message}/reactions/{emoji}`, 200, 'React'),
  route(`delete ${message}/reactions/{emoji}`, 200, 'Take a reaction back'),
  route(`put ${message}/pin`, 200, 'Pin a message'),
  route(`delete ${message}/pin`, 200, 'Unpin a message'),
  route(`delete ${message}/previews`, 200, 'Take the link previews of a message away'),
  route(`get ${message}`, 200, 'One message'),
  route(`get ${conversation}/pins`, 200, 'Pinned messages, the latest pin first'),
  route(`get ${message}/receipts`, 200, 'Who received and read a message'),
  route('get /v1/users/me/blocks', 200, 'Whom the caller has blocked'),
  route('put /v1/users/me/blocks/{id}', 204, 'Block a person'),
  route('delete /v1/users/me/blocks/{id}', 204, 'Unblock a person'),
  route('get /v1/push/key', 200, "The installation's public key, for PushManager.subscribe"),
  route('put /v1/push/subscriptions', 204, 'Send pushes to this browser', 'pushSubscription'),
  route('delete /v1/push/subscriptions', 204, 'Send it none any more', 'dropPushSubscription'),
  open(route('get /v1/notifications/unsubscribe', 200, 'A page that asks whether to stop mails about missed messages')),
  open(route('post /v1/notifications/unsubscribe', 200, 'Stop them, by the token of the mail (RFC 8058)')),
  route('get /v1/users/me/notifications', 200, 'When the caller wants to be left alone'),
  route('patch /v1/users/me/notifications', 200, 'Change that', 'patchNotifications'),
  route('post /v1/reports', 201, 'Report a message or a person', 'report'),
  route('get /v1/admin/users', 200, 'People, for administrators', 'adminUsers'),
  route('patch /v1/admin/users/{id}', 200, 'Suspend a person, or make an administrator', 'adminPatchUser'),
  route('get /v1/admin/conversations', 200, 'Conversations, for administrators', 'adminConversations'),
  route(
    'patch /v1/admin/conversations/{id}',
    204,
    'Archive a conversation or take it back, or give it its own rule for how long messages are kept',
    'adminPatchConversation',
  ),
  route('delete /v1/admin/conversations/{id}/messages/{messageId}', 204, 'Remove a message'),
  route('get /v1/admin/reports', 200, 'Reports', 'adminReports'),
  route('patch /v1/admin/reports/{id}', 200, 'Close or reopen a report', 'adminPatchReport'),
  route('get /v1/admin/audit', 200, 'The audit log, newest first', 'adminAudit'),
  route('get /v1/admin/retention/settings', 200, 'How long messages and the audit log are kept'),
  route(
    'patch /v1/admin/retention/settings',
    200,
    'Change it; null goes back to what the installation was set up with',
    'adminPatchRetention',
  ),
  route('get /v1/admin/retention', 200, 'What a purge by this age would take', 'adminRetention'),
  route('get /v1/admin/stats', 200, 'Figures of the installation and of its pods'),
  route(`post ${conversation}/invites`, 201, 'Make an invite link', 'createInvite'),
  route(`get ${conversation}/invites`, 200, 'List the invite links that are still good'),
  route(`delete ${conversation}/invites/{code}`, 204, 'Revoke an invite link'),
  open(route('get /v1/invites/{code}', 200, 'Where an invite link leads')),
  route('post /v1/invites/{code}/accept', 200, 'Come in by an invite link'),
  route(`post ${conversation}/webhooks`, 201, 'Make an outgoing or incoming webhook; its secret is shown once', 'createWebhook'),
  route(`get ${conversation}/webhooks`, 200, 'List webhooks'),
  route(`patch ${conversation}/webhooks/{webhookId}`, 200, 'Switch an outgoing webhook on or off', 'patchWebhook'),
  route(`delete ${conversation}/webhooks/{webhookId}`, 204, 'Remove a webhook'),
  route(`get ${conversation}/webhooks/{webhookId}/deliveries`, 200, 'Deliveries that wait for another try or were given up'),
  route(`post ${conversation}/webhooks/{webhookId}/deliveries/{deliveryId}/retry`, 204, 'Try a delivery again that was given up'),
  open(route('post /v1/hooks/{token}', 201, 'Send a message by an incoming webhook', 'hook')),
  route('post /v1/admin/bots', 201, 'Make a bot; its token is shown once', 'createBot'),
  route('get /v1/admin/bots', 200, 'List bots'),
  route('post /v1/admin/bots/{id}/token', 201, 'Give a bot another token and end the one before'),
  route('delete /v1/admin/bots/{id}', 204, 'Remove a bot; its messages stay'),
  route('get /v1/search', 200, 'Messages that one may read, by words and filters', 'search'),
  route('get /v1/users/me/export', 200, 'Everything kept about the caller, as one JSON document'),
  route(
    'delete /v1/users/me',
    204,
    'Delete the own account; takes the password, or without one a sign-in of the last ten minutes',
    'deleteMe',
  ),
  route('post /v1/files', 201, 'Announce a file: how to upload it', 'createFile'),
  route('post /v1/files/{id}/complete', 200, 'Check what was uploaded; the attachment'),
  route('get /v1/files/{id}', 302, 'Download a file: redirects to a short-lived URL', 'getFile'),
  route('get /v1/files/{id}/thumbnail', 302, 'A small picture of a file: redirects to a short-lived URL'),
  route('delete /v1/files/{id}', 204, 'Drop a file that was never posted'),
  route('put /v1/users/me/avatar', 200, 'Set the own picture from an uploaded image, or remove it', 'setAvatar'),
  route('get /v1/changes', 200, 'What moved in the account', 'changes'),
  route('post /v1/sync', 200, 'Entries after the own cursors', 'sync'),
];

/** JSON Schema of what a caller may send. Refinements that JSON Schema cannot say are checked by the server. */
export function inputSchema(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _draft, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest;
}

export function buildOpenApi(version: string): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const entry of routes) paths[entry.path] = { ...paths[entry.path], [entry.method]: operation(entry) };
  return {
    openapi: '3.1.0',
    info: { title: 'chatcluster', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    paths,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
        cookie: { type: 'apiKey', in: 'cookie', name: 'chat_access' },
      },
      schemas: { ...operationSchemas(), Problem: problemSchema },
      responses: { Problem: { description: 'A problem (RFC 9457)', content: { 'application/problem+json': { schema: ref('Problem') } } } },
    },
    security: [{ bearer: [] }, { cookie: [] }],
  };
}

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

function operationSchemas(): Record<string, unknown> {
  const reads = new Set(routes.filter((r) => r.method === 'get').map((r) => r.input));
  const bodies = Object.entries(restSchemas).filter(([name]) => !reads.has(name as RestOperation));
  return Object.fromEntries(bodies.map(([name, schema]) => [name, inputSchema(schema)]));
}

function operation(entry: Route): Record<string, unknown> {
  const { input, method, path } = entry;
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({ name, in: 'path', required: true, schema: { type: 'string' } }));
  const parameters = [...inPath, ...(input && method === 'get' ? queryParameters(input) : [])];
  return {
    operationId: operationId(entry),
    summary: entry.summary,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(input && method !== 'get' ? { requestBody: { required: true, content: { 'application/json': { schema: ref(input) } } } } : {}),
    responses: { [entry.status]: { description: entry.summary }, default: { $ref: '#/components/responses/Problem' } },
    ...(entry.isPublic ? { security: [] } : {}),
  };
}

function queryParameters(input: RestOperation): unknown[] {
  const { properties = {}, required = [] } = inputSchema(restSchemas[input]) as {
    properties?: Record<string, unknown>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema: queryType(schema),
  }));
}

/** Coerced numbers have no input type of their own. */
function queryType(schema: unknown): unknown {
  return typeof schema === 'object' && schema !== null && 'type' in schema ? schema : { type: 'integer', minimum: 0 };
}

function operationId({ method, path }: Route): string {
  const words = path
    .replace(/^\/(v1|\.well-known)\//, '')
    .split(/[/.]/)
    .map((part) => part.replace(/[{}]/g, ''));
  return [method, ...words].map((word, i) => (i === 0 ? word : word.charAt(0).toUpperCase() + word.slice(1))).join('');
}

const problemSchema = {
  type: 'object',
  required: ['status', 'code', 'retryable'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    code: { enum: Object.keys(errorCatalogue) },
    retryable: { type: 'boolean' },
    retryAfterMs: { type: 'integer' },
    details: {},
  },
};
