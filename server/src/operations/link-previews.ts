import { ChatError } from '@chatcluster/protocol/errors';
import { decideDelete } from '../domain/permissions.ts';
import { entryId } from '../ids.ts';
import type { Store } from '../store/store.ts';
import { appendPreviews } from '../store/sql/link-previews.ts';
import type { Delivery } from './delivery.ts';
import type { Membership } from './membership.ts';
import { authorise, require } from './require.ts';
import { translateUnavailable } from './unavailable.ts';

export interface LinkPreviewsDeps {
  store: Pick<Store, 'pool' | 'findMessage'>;
  membership: Pick<Membership, 'get' | 'peek' | 'reload'>;
  delivery: Pick<Delivery, 'onChange'>;
}

type Target = { conversationId: string; messageId: string; clientMsgId: string };
const MAX_TRIES = 5;

/** Takes the previews of a message away for good: a right of its author, and of those who may delete it. */
export function createRemovePreviews({ store, membership, delivery }: LinkPreviewsDeps) {
  async function remove(userId: string, { conversationId, messageId, clientMsgId }: Target): Promise<{ seq: number }> {
    let version = 0;
    for (let i = 0; i < MAX_TRIES; i += 1) {
      const decide = (access: Parameters<typeof decideDelete>[0]) => decideDelete(access, userId, userId);
      const access = await authorise(membership, conversationId, decide, version);
      const message = await store.findMessage(conversationId, messageId);
      if (message === null || message.seq < access.members.get(userId)!.firstSeq)
        throw new ChatError('not_found', { message: 'There is no such message here.' });
      require(decideDelete(access, userId, message.actorId));
      const result = await appendPreviews(store.pool, {
        ...{ conversationId, messageId, clientMsgId, actorId: userId },
        id: entryId(conversationId, userId, clientMsgId),
        previews: [],
        ofSeq: null,
        expectVersion: access.memberVersion,
      });
      if (result.status === 'missing') throw new ChatError('not_found');
      if (result.status === 'gone') throw new ChatError('conflict', { message: 'This message was deleted.' });
      if (result.status === 'stored') delivery.onChange(conversationId, [result]);
      if (result.status !== 'stale') return { seq: result.seq };
      version = result.memberVersion;
    }
    throw new ChatError('overloaded', { retryAfterMs: 500 });
  }

  return (userId: string, target: Target): Promise<{ seq: number }> => translateUnavailable(() => remove(userId, target));
}
export type RemovePreviews = ReturnType<typeof createRemovePreviews>;
