import type { EventPayload, Limits, MessageData, SendResult } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { entryId } from '../ids.ts';
import { decideBody } from '../domain/message-rules.ts';
import { decideSend } from '../domain/permissions.ts';
import type { GroupCommit } from '../ingest/group-commit.ts';
import type { AppendRow, ConversationAccess } from '../store/types.ts';
import type { Membership } from './membership.ts';
import { require } from './require.ts';
import { translateUnavailable } from './unavailable.ts';

export interface SendMessageDeps {
  membership: Pick<Membership, 'get' | 'peek'>;
  ingest: Pick<GroupCommit, 'submit'>;
  hasMessage(conversationId: string, messageId: string): Promise<boolean>;
  limits: Limits;
}

type Payload = EventPayload<'message:send'>;
/** A member version moves while we try only when people come and go at that very moment. */
const MAX_TRIES = 5;

function toData(payload: Payload, access: ConversationAccess): string {
  const data: MessageData = { body: payload.body };
  if (payload.replyTo !== undefined) data.replyTo = payload.replyTo;
  if (payload.threadRoot !== undefined) data.threadRoot = payload.threadRoot;
  const mentions = [...new Set(payload.mentions ?? [])].filter((id) => access.members.has(id));
  if (mentions.length > 0) data.mentions = mentions;
  return JSON.stringify(data);
}

/** load → decide → store. Resolves after COMMIT; the same clientMsgId again gives the first id and seq. */
export function createSendMessage(deps: SendMessageDeps) {
  async function checkReferences(payload: Payload): Promise<void> {
    for (const field of ['replyTo', 'threadRoot'] as const) {
      const id = payload[field];
      if (id === undefined || (await deps.hasMessage(payload.conversationId, id))) continue;
      throw new ChatError('invalid', { details: [{ path: field, issue: 'is not a message of this conversation' }] });
    }
  }

  function checkBody(payload: Payload): void {
    if (payload.attachments !== undefined && payload.attachments.length > 0) {
      throw new ChatError('invalid', { details: [{ path: 'attachments', issue: 'names a file that was not uploaded' }] });
    }
    const body = decideBody(payload.body, 0, deps.limits);
    if (!body.ok) throw new ChatError(body.code, { message: body.message, details: [{ path: 'body', issue: body.message }] });
  }

  async function attempt(userId: string, payload: Payload, atLeastVersion: number) {
    // Without a wait when the members are cached, so that pipelined sends join the batch in their order.
    const cached = deps.membership.peek(payload.conversationId, atLeastVersion);
    const access = cached ?? (await deps.membership.get(payload.conversationId, atLeastVersion));
    require(decideSend(access, userId));
    const row: AppendRow = {
      conversationId: payload.conversationId,
      id: entryId(payload.conversationId, userId, payload.clientMsgId),
      type: 'message',
      actorId: userId,
      clientMsgId: payload.clientMsgId,
      data: toData(payload, access!),
      expectVersion: access!.memberVersion,
    };
    return { id: row.id, result: await deps.ingest.submit(row) };
  }

  async function send(userId: string, payload: Payload): Promise<SendResult> {
    checkBody(payload);
    if (payload.replyTo !== undefined || payload.threadRoot !== undefined) {
      require(decideSend(await deps.membership.get(payload.conversationId), userId));
      await checkReferences(payload);
    }
    let version = 0;
    for (let i = 0; i < MAX_TRIES; i += 1) {
      const { id, result } = await attempt(userId, payload, version);
      if (result.status === 'missing') throw new ChatError('not_found');
      if (result.status === 'invalid') throw new ChatError('invalid', { details: [{ path: 'body', issue: 'cannot be stored' }] });
      if (result.status === 'stale') {
        version = result.memberVersion;
        continue;
      }
      const done: SendResult = { status: 'stored', id, seq: result.seq, at: result.at };
      return result.status === 'duplicate' ? { ...done, duplicate: true } : done;
    }
    throw new ChatError('overloaded', { retryAfterMs: 500 });
  }

  return (userId: string, payload: Payload): Promise<SendResult> => translateUnavailable(() => send(userId, payload));
}
export type SendMessage = ReturnType<typeof createSendMessage>;
