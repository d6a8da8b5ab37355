import type { HistoryPage } from '@chatcluster/protocol';
import { CHANGES_PAGE, HISTORY_PAGE } from '@chatcluster/protocol/limits';
import { decideMember } from '../domain/permissions.ts';
import { foldHistory, type HistoryRange } from '../domain/fold-history.ts';
import type { Recent } from '../fanout/recent.ts';
import { isUnavailable } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import type { Membership } from './membership.ts';
import { translateUnavailable } from './unavailable.ts';

export interface CatchUpDeps {
  store: Pick<Store, 'loadChanges' | 'loadSync' | 'loadHistory' | 'loadPositions'>;
  membership: Pick<Membership, 'peek'>;
  recent: Pick<Recent, 'read'>;
  /** Whether a socket of this user is on this pod: only then is the pod told of everything in their conversations. */
  isHere(userId: string): boolean;
}

/** The reads of protocol.md 7; the same over the socket and over REST. Access is decided inside the SQL. */
export function createCatchUp({ store, membership, recent, isHere }: CatchUpDeps) {
  /** Out of memory while Postgres is away: for members of now, as far as this pod knows both the members and the entries. */
  function recall(userId: string, conversationId: string, range: HistoryRange): HistoryPage | undefined {
    // A pod of the API knows what it published itself, and nothing of what others did.
    const known = isHere(userId) ? recent.read(conversationId) : undefined;
    const access = known && membership.peek(conversationId, known.memberVersion);
    const member = access?.members.get(userId);
    if (!known || !member || !decideMember(access, userId).ok) return undefined;
    return foldHistory({ conversationId, entries: known.entries, viewerId: userId, firstSeq: member.firstSeq, range });
  }

  async function history(userId: string, conversationId: string, range: HistoryRange): Promise<HistoryPage> {
    try {
      return await store.loadHistory({ userId, conversationId, ...range });
    } catch (error) {
      const recalled = isUnavailable(error) ? recall(userId, conversationId, range) : undefined;
      if (recalled === undefined) throw error;
      return recalled;
    }
  }

  return {
    changes: (userId: string, token: string | undefined, limit = CHANGES_PAGE) =>
      translateUnavailable(() => store.loadChanges({ userId, token, limit })),
    sync: (userId: string, cursors: Record<string, number>) => translateUnavailable(() => store.loadSync({ userId, cursors })),
    positions: (userId: string, conversationIds: string[]) => translateUnavailable(() => store.loadPositions(userId, conversationIds)),
    history: (userId: string, conversationId: string, range: { before?: number; after?: number; around?: number; limit?: number }) =>
      translateUnavailable(() => history(userId, conversationId, { ...range, limit: range.limit ?? HISTORY_PAGE / 2 })),
  };
}
export type CatchUp = ReturnType<typeof createCatchUp>;
