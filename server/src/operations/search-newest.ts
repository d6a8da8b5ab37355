import { FIRST_WINDOW_MS, nextWindowMs, SEARCH_BUDGET } from '../domain/search-windows.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { type Hit, searchWindow } from '../store/sql/search-window.ts';

/** Older than any message. */
const BEGINNING_MS = Date.UTC(2000);
/** Before any other. */
export const NO_ID = '00000000-0000-0000-0000-000000000000';

export interface NewestQuery {
  userId: string;
  conversationId: string | null;
  /** A `tsquery` without the keys of conversations; null: every message is a hit. */
  query: string | null;
  /** ISO 8601, exclusive. */
  before: string | null;
  /** ISO 8601, inclusive. */
  after: string | null;
  /** The last row of the page before. */
  below: { at: string; id: string } | null;
  /** ISO 8601; about when the last message was sent. */
  lastAt: string;
  limit: number;
}

/**
 * Looks through the messages that the caller may read from the newest one on, window after window, until a page is full. Common
 * words are found so in a moment, where the index of words would hand out every message that has them, to be sorted.
 * Undefined: the words are too rare for that.
 */
export async function searchNewest(db: Db, search: NewestQuery): Promise<Hit[] | undefined> {
  const { userId, conversationId, query, after, limit } = search;
  const what = { userId, conversationId, query };
  let high = search.below ?? { at: search.before ?? 'infinity', id: NO_ID };
  let highMs = Math.min(Date.parse(search.lastAt), high.at === 'infinity' ? Infinity : Date.parse(high.at));
  const bottomMs = after === null ? BEGINNING_MS : Date.parse(after);
  const hits: Hit[] = [];
  let looked = 0;
  for (let lengthMs: number | undefined = FIRST_WINDOW_MS; lengthMs !== undefined; ) {
    const lowMs = Math.max(highMs - lengthMs, bottomMs);
    const low = new Date(lowMs).toISOString();
    const found = await searchWindow(db, { ...what, low, high, maxLooked: SEARCH_BUDGET - looked + 1, limit: limit - hits.length });
    looked += found.looked;
    // Cut off: the newest ones may be among the others.
    if (looked > SEARCH_BUDGET) return undefined;
    hits.push(...found.hits);
    if (hits.length >= limit || lowMs === bottomMs) return hits;
    lengthMs = nextWindowMs({ lengthMs, looked: found.looked }, { looked, hits: hits.length, wanted: limit });
    high = { at: low, id: NO_ID };
    highMs = lowMs;
  }
  return undefined;
}
