import type { EventPayload, Limits } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { entryId } from '../ids.ts';
import { decideBody } from '../domain/message-rules.ts';
import { decideDelete, decideSend, type Decision } from '../domain/permissions.ts';
import type { ChangeRow, ConversationAccess } from '../store/types.ts';
import type { Store } from '../store/store.ts';
import type { Delivery } from './delivery.ts';
import type { Membership } from './membership.ts';
import { authorise, require } from './require.ts';
import { translateUnavailable } from './unavailable.ts';

export interface ChangeMessageDeps {
  store: Pick<Store, 'appendChange' | 'findMessage'>;
  membership: Pick<Membership, 'get' | 'peek' | 'reload'>;
  delivery: Pick<Delivery, 'onChange'>;
  limits: Limits;
}

type Change = Pick<ChangeRow, 'type' | 'data'>;
type Target = { conversationId: string; messageId: string; clientMsgId: string };
type Message = { actorId: string; seq: number; deletedAt?: string };
const MAX_TRIES = 5;

/** Edits, deletions, reactions and pins: one entry each, folded into the message in the same transaction. Never queued. */
export function createChangeMessage(deps: ChangeMessageDeps) {
  async function change(userId: string, target: Target, entry: Change, decide: (access: ConversationAccess, message: Message) => Decision) {
    let version = 0;
    for (let i = 0; i < MAX_TRIES; i += 1) {
      const access = await authorise(deps.membership, target.conversationId, (a) => decideSend(a, userId), version);
      const message = await deps.store.findMessage(target.conversationId, target.messageId);
      // From before the member came: not readable, so it is not there. To take it away reveals nothing, and stays a right of its author.
      const isHidden = entry.type !== 'delete' && (message?.seq ?? 0) < access.members.get(userId)!.firstSeq;
      if (message === null || isHidden) throw new ChatError('not_found', { message: 'There is no such message here.' });
      require(decide(access, message));
      const result = await deps.store.appendChange({
        conversationId: target.conversationId,
        id: entryId(target.conversationId, userId, target.clientMsgId),
        type: entry.type,
        actorId: userId,
        clientMsgId: target.clientMsgId,
        data: entry.data,
        expectVersion: access.memberVersion,
      });
      if (result.status === 'missing') throw new ChatError('not_found');
      if (result.status === 'gone') throw new ChatError('conflict', { message: 'This message was deleted.' });
      if (result.status === 'unchanged') return { seq: result.seq };
      if (result.status === 'stale') {
        version = result.memberVersion;
        continue;
      }
      deps.delivery.onChange(target.conversationId, [result]);
      return { seq: result.seq };
    }
    throw new ChatError('overloaded', { retryAfterMs: 500 });
  }

  const notDeleted = (message: Message): Decision =>
    message.deletedAt !== undefined ? { ok: false, code: 'conflict', message: 'This message was deleted.' } : { ok: true };

  return {
    edit: (userId: string, p: EventPayload<'message:edit'>) =>
      translateUnavailable(() => {
        const body = decideBody(p.body, 0, deps.limits);
        if (!body.ok) throw new ChatError(body.code, { message: body.message, details: [{ path: 'body', issue: body.message }] });
        return change(userId, p, { type: 'edit', data: { messageId: p.messageId, body: p.body } }, (_access, message) =>
          message.actorId === userId
            ? notDeleted(message)
            : { ok: false, code: 'forbidden', message: 'Only the author may edit a message.' },
        );
      }),
    remove: (userId: string, p: EventPayload<'message:delete'>) =>
      translateUnavailable(() =>
        change(userId, p, { type: 'delete', data: { messageId: p.messageId } }, (access, message) =>
          decideDelete(access, userId, message.actorId),
        ),
      ),
    react: (userId: string, p: EventPayload<'reaction:set'>) =>
      translateUnavailable(() =>
        change(userId, p, { type: 'reaction', data: { messageId: p.messageId, emoji: p.emoji, on: p.on } }, (_access, message) =>
          notDeleted(message),
        ),
      ),
    pin: (userId: string, p: EventPayload<'pin:set'>) =>
      translateUnavailable(() =>
        change(userId, p, { type: 'pin', data: { messageId: p.messageId, on: p.on } }, (_access, message) => notDeleted(message)),
      ),
  };
}
export type ChangeMessage = ReturnType<typeof createChangeMessage>;
