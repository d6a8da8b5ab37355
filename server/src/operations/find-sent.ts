import type { SendResult } from '@chatcluster/protocol';
import { entryId } from '../ids.ts';
import { isUnavailable } from '../store/errors.ts';
import type { Store } from '../store/store.ts';

/** What became of an earlier try of this very send, if it was stored; the answer that a duplicate gets. */
export function createFindSent(store: Pick<Store, 'findMessage'>) {
  return async (userId: string, send: { conversationId: string; clientMsgId: string }): Promise<SendResult | undefined> => {
    const id = entryId(send.conversationId, userId, send.clientMsgId);
    // While Postgres is away nobody knows: the caller then says what it would have said without asking.
    const found = await store.findMessage(send.conversationId, id).catch((error: unknown) => {
      if (isUnavailable(error)) return null;
      throw error;
    });
    return found === null ? undefined : { status: 'stored', id, seq: found.seq, at: found.at, duplicate: true };
  };
}
