import { SYNC_MAX_CONVERSATIONS } from '@chatcluster/protocol/limits';

export interface Behind {
  conversationId: string;
  cursor: number;
  /** The server's last seq as far as known; undefined: unknown, ask in any case. */
  lastSeq: number | undefined;
  /** Latest activity, any comparable text (ISO 8601). */
  activity: string;
}

/** The cursors of the next `sync`: conversations that are behind, latest activity first, as many as one call takes. */
export function planSync(held: readonly Behind[], max = SYNC_MAX_CONVERSATIONS): Record<string, number> {
  const behind = held.filter((h) => h.lastSeq === undefined || h.lastSeq > h.cursor);
  const latestFirst = behind.toSorted((a, b) => compare(b.activity, a.activity) || compare(a.conversationId, b.conversationId));
  return Object.fromEntries(latestFirst.slice(0, max).map((h) => [h.conversationId, h.cursor]));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
