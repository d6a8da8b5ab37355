import { CHANGES_PAGE, HISTORY_PAGE } from '@chatcluster/protocol/limits';
import type { Store } from '../store/store.ts';
import { translateUnavailable } from './unavailable.ts';

/** The reads of protocol.md 7; the same over the socket and over REST. Access is decided inside the SQL. */
export function createCatchUp(store: Pick<Store, 'loadChanges' | 'loadSync' | 'loadHistory'>) {
  return {
    changes: (userId: string, token: string | undefined, limit = CHANGES_PAGE) =>
      translateUnavailable(() => store.loadChanges({ userId, token, limit })),
    sync: (userId: string, cursors: Record<string, number>) => translateUnavailable(() => store.loadSync({ userId, cursors })),
    history: (userId: string, conversationId: string, range: { before?: number; after?: number; around?: number; limit?: number }) =>
      translateUnavailable(() => store.loadHistory({ userId, conversationId, ...range, limit: range.limit ?? HISTORY_PAGE / 2 })),
  };
}
export type CatchUp = ReturnType<typeof createCatchUp>;
