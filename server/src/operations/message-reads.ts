import { ChatError } from '@chatcluster/protocol/errors';
import { HISTORY_PAGE } from '@chatcluster/protocol/limits';
import type { ListQuery, ReactorsOf } from '../store/sql/lists.ts';
import type { ThreadQuery } from '../store/sql/load-thread.ts';
import type { Store } from '../store/store.ts';
import { translateUnavailable } from './unavailable.ts';

/** More than anybody reads; the list has no pages. */
const PINS_MAX = 200;

export interface MessageReadsDeps {
  store: Pick<Store, 'messageReceipts' | 'listReactors' | 'loadMessage' | 'loadThread' | 'loadPinned'>;
}

/** Reads about single messages. Access is decided inside the SQL. */
export function createMessageReads({ store }: MessageReadsDeps) {
  return {
    one: (userId: string, conversationId: string, messageId: string) =>
      translateUnavailable(() => store.loadMessage(userId, conversationId, messageId)),
    /** The answers to one message. */
    thread: (query: Omit<ThreadQuery, 'limit'> & { limit?: number }) =>
      translateUnavailable(() => store.loadThread({ ...query, limit: query.limit ?? HISTORY_PAGE / 2 })),
    pinned: (userId: string, conversationId: string) => translateUnavailable(() => store.loadPinned(userId, conversationId, PINS_MAX)),
    /** Who reacted with one emoji. */
    reactors: (userId: string, of: ReactorsOf, query: ListQuery) =>
      translateUnavailable(async () => {
        await store.loadMessage(userId, of.conversationId, of.messageId);
        return store.listReactors(of, query);
      }),
    /** Who has received and read a message. */
    receipts: (userId: string, conversationId: string, messageId: string) =>
      translateUnavailable(async () => {
        // Not of what was written before one came.
        await store.loadMessage(userId, conversationId, messageId);
        const items = await store.messageReceipts(conversationId, messageId);
        if (items === null) throw new ChatError('not_found', { message: 'There is no such message here.' });
        return { items, nextCursor: null };
      }),
  };
}
export type MessageReads = ReturnType<typeof createMessageReads>;
