import { RECEIPT_MERGE_MS } from '@chatcluster/protocol/limits';
import { decideMember } from '../domain/permissions.ts';
import type { Fanout } from '../fanout/types.ts';
import { furthest } from '../store/sql/set-read.ts';
import type { SetThreadRead } from '../store/sql/set-thread-read.ts';
import type { Store } from '../store/store.ts';
import type { Logger } from '../log.ts';
import type { Membership } from './membership.ts';
import { authorise } from './require.ts';
import { translateUnavailable } from './unavailable.ts';

export interface ReceiptsDeps {
  store: Pick<Store, 'setRead' | 'setUnread' | 'setThreadRead'>;
  /** Who wrote the entries shortly up to a seq. */
  listAuthors(conversationId: string, seq: number, lookBack: number): Promise<string[]>;
  membership: Pick<Membership, 'get' | 'peek' | 'reload'>;
  fanout: Pick<Fanout, 'toUsers'>;
  log: Logger;
}

interface Pending {
  userId: string;
  conversationId: string;
  delivered?: number;
  read?: number;
  timer: NodeJS.Timeout;
}

/** Above this many members only the authors concerned and the reader's own devices hear of a receipt. */
const TELL_ALL_UP_TO = 100;
/** How many seqs back the authors concerned by a receipt are looked for. */
const LOOK_BACK = 100;

/** Read and delivered positions: monotonic, stored at once, told to others at most once per 250 ms. */
export function createReceipts(deps: ReceiptsDeps) {
  const pending = new Map<string, Pending>();

  async function audience(p: Pending): Promise<string[]> {
    const access = await deps.membership.get(p.conversationId);
    if (access === undefined) return [];
    if (access.members.size <= TELL_ALL_UP_TO) return [...access.members.keys()];
    const authors = await deps.listAuthors(p.conversationId, Math.max(p.delivered ?? 0, p.read ?? 0), LOOK_BACK);
    return [...new Set([...authors, p.userId])];
  }

  async function flush(key: string): Promise<void> {
    const p = pending.get(key);
    if (p === undefined) return;
    pending.delete(key);
    clearTimeout(p.timer);
    try {
      const { conversationId, userId, delivered, read } = p;
      deps.fanout.toUsers(await audience(p), 'receipts', {
        conversationId,
        userId,
        ...(delivered && { delivered }),
        ...(read && { read }),
      });
    } catch (error) {
      deps.log.debug({ err: error, conversationId: p.conversationId }, 'receipt not told; the next one carries it');
    }
  }

  function tellLater(userId: string, conversationId: string, moved: { delivered?: number; read?: number }): void {
    const key = `${userId} ${conversationId}`;
    const known = pending.get(key);
    if (known !== undefined) {
      // Two answers of Postgres may be handled in another order than their commits.
      Object.assign(known, furthest(known, moved));
      return;
    }
    const timer = setTimeout(() => void flush(key), RECEIPT_MERGE_MS);
    timer.unref();
    pending.set(key, { userId, conversationId, ...moved, timer });
  }

  async function set(userId: string, conversationId: string, position: { delivered?: number; read?: number }): Promise<void> {
    await authorise(deps.membership, conversationId, (access) => decideMember(access, userId));
    const moved = await deps.store.setRead({ userId, conversationId, ...position });
    if (moved === null) return;
    const { delivered, read } = moved;
    const told = { ...(delivered !== undefined && { delivered }), ...(read !== undefined && { read }) };
    if (Object.keys(told).length > 0) tellLater(userId, conversationId, told);
    if (moved.moved) deps.fanout.toUsers([userId], 'conversation:me', { conversationId, me: moved.me }, { droppable: false });
  }

  return {
    set: (userId: string, conversationId: string, position: { delivered?: number; read?: number }) =>
      translateUnavailable(() => set(userId, conversationId, position)),
    unread: (userId: string, conversationId: string, seq: number) =>
      translateUnavailable(async () => {
        await authorise(deps.membership, conversationId, (access) => decideMember(access, userId));
        const me = await deps.store.setUnread(userId, conversationId, seq);
        deps.fanout.toUsers([userId], 'conversation:me', { conversationId, me }, { droppable: false });
        return me;
      }),
    /** How far one thread was read: known to the reader's own devices only. */
    thread: (change: SetThreadRead) =>
      translateUnavailable(async () => {
        const { userId, conversationId } = change;
        await authorise(deps.membership, conversationId, (access) => decideMember(access, userId));
        const { moved, me } = await deps.store.setThreadRead(change);
        if (moved) deps.fanout.toUsers([userId], 'conversation:me', { conversationId, me }, { droppable: false });
        return me;
      }),
    async drained(): Promise<void> {
      await Promise.all([...pending.keys()].map(flush));
    },
  };
}
export type Receipts = ReturnType<typeof createReceipts>;
