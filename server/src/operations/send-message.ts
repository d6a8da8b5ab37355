import type { EventPayload, Limits, MessageData, SendResult } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { entryId } from '../ids.ts';
import { decideBody } from '../domain/message-rules.ts';
import { decideMentionAll, decideSend } from '../domain/permissions.ts';
import type { Ingest } from '../ingest/ingest.ts';
import { isUnavailable } from '../store/errors.ts';
import type { AppendRow, ConversationAccess } from '../store/types.ts';
import type { LoadForwarded } from './forward.ts';
import type { Attach } from './attachments.ts';
import type { Membership } from './membership.ts';
import { authorise, require } from './require.ts';
import { translateUnavailable } from './unavailable.ts';

export interface SendMessageDeps {
  membership: Pick<Membership, 'get' | 'peek' | 'reload'>;
  ingest: Ingest;
  hasMessage(conversationId: string, messageId: string): Promise<boolean>;
  /** What may be taken along from there by this person; throws for what they may not read. */
  loadForwarded: LoadForwarded;
  attach: Attach;
  limits: Limits;
}

type Payload = EventPayload<'message:send'>;
type Forwarded = Pick<MessageData, 'body' | 'attachments' | 'forwardedFrom'>;
type Reference = 'replyTo' | 'threadRoot';

/** Which of its references is no message of the conversation. */
export async function findUnknownReference(
  references: Partial<Record<Reference, string>>,
  hasMessage: (id: string) => boolean | Promise<boolean>,
): Promise<Reference | undefined> {
  for (const field of ['replyTo', 'threadRoot'] as const) {
    const id = references[field];
    if (id !== undefined && !(await hasMessage(id))) return field;
  }
  return undefined;
}

export function unknownReference(field: Reference): ChatError {
  return new ChatError('invalid', { details: [{ path: field, issue: 'is not a message of this conversation' }] });
}

function toData(payload: Payload, access: ConversationAccess, carried: Partial<Forwarded>): string {
  const data: MessageData = { body: payload.body, ...carried };
  if (payload.replyTo !== undefined) data.replyTo = payload.replyTo;
  if (payload.threadRoot !== undefined) data.threadRoot = payload.threadRoot;
  const mentions = [...new Set(payload.mentions ?? [])].filter((id) => access.members.has(id));
  if (mentions.length > 0) data.mentions = mentions;
  if (payload.mentionAll === true) data.mentionAll = true;
  return JSON.stringify(data);
}

/**
 * load → decide → store. Resolves after COMMIT, or after it is in the durable queue while Postgres is away; the same clientMsgId
 * again gives the first id and seq.
 */
export function createSendMessage(deps: SendMessageDeps) {
  /** False: nobody can look now; the queue does when it is drained. */
  async function checkReferences(payload: Payload): Promise<boolean> {
    const unknown = await findUnknownReference(payload, (id) => deps.hasMessage(payload.conversationId, id)).catch((error: unknown) => {
      if (isUnavailable(error)) return 'unavailable' as const;
      throw error;
    });
    if (unknown === 'unavailable') return false;
    if (unknown !== undefined) throw unknownReference(unknown);
    return true;
  }

  function checkBody(payload: Payload): void {
    const body = decideBody(payload.body, payload.attachments?.length ?? 0, deps.limits);
    if (!body.ok) throw new ChatError(body.code, { message: body.message, details: [{ path: 'body', issue: body.message }] });
  }

  function toRow(userId: string, payload: Payload, access: ConversationAccess, carried: Partial<Forwarded>): AppendRow {
    return {
      conversationId: payload.conversationId,
      id: entryId(payload.conversationId, userId, payload.clientMsgId),
      type: 'message',
      actorId: userId,
      clientMsgId: payload.clientMsgId,
      data: toData(payload, access, carried),
      expectVersion: access.memberVersion,
    };
  }

  /** Files become part of the message, and readable to those who read it. */
  async function carry(userId: string, payload: Payload, forwarded: Forwarded | undefined): Promise<Partial<Forwarded>> {
    const { conversationId, clientMsgId } = payload;
    const use = { conversationId, messageId: entryId(conversationId, userId, clientMsgId) };
    if (forwarded !== undefined) {
      await deps.attach.shared({ ...use, fileIds: (forwarded.attachments ?? []).map(({ fileId }) => fileId) });
      return forwarded;
    }
    return { attachments: await deps.attach.own({ ...use, ownerId: userId, fileIds: payload.attachments ?? [] }) };
  }

  async function send(userId: string, payload: Payload): Promise<SendResult> {
    const forwarded = payload.forward && (await deps.loadForwarded(userId, payload.forward));
    if (forwarded === undefined) checkBody(payload);
    const { membership } = deps;
    const decide = (access: ConversationAccess | undefined) => decideSend(access, userId);
    // Without a wait when the members are cached, so that pipelined sends join the batch in their order.
    const cached = membership.peek(payload.conversationId);
    const access = cached !== undefined && decide(cached).ok ? cached : await authorise(membership, payload.conversationId, decide);
    if (payload.mentionAll === true) require(decideMentionAll(access, userId));
    const isReply = payload.replyTo !== undefined || payload.threadRoot !== undefined;
    const unchecked = isReply && !(await checkReferences(payload));
    // No wait here either for a message of words alone.
    const hasFiles = forwarded !== undefined || (payload.attachments ?? []).length > 0;
    const row = toRow(userId, payload, access, hasFiles ? await carry(userId, payload, forwarded) : {});
    const result = await deps.ingest.submit(row, { unchecked });
    switch (result.status) {
      case 'stored':
        return { status: 'stored', id: row.id, seq: result.seq, at: result.at };
      case 'duplicate':
        return { status: 'stored', id: row.id, seq: result.seq, at: result.at, duplicate: true };
      case 'queued':
        return { status: 'queued', id: row.id, at: result.at, ...(result.duplicate && { duplicate: true }) };
      case 'invalid':
        throw new ChatError('invalid', { details: [{ path: 'body', issue: 'cannot be stored' }] });
      case 'missing':
        throw new ChatError('not_found');
      default:
        throw new ChatError('overloaded', { retryAfterMs: 500 });
    }
  }

  return (userId: string, payload: Payload): Promise<SendResult> => translateUnavailable(() => send(userId, payload));
}
export type SendMessage = ReturnType<typeof createSendMessage>;
