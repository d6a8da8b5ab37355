/** Messages that are looked at for one page at most: a twentieth of a second of Postgres. */
export const SEARCH_BUDGET = 12_000;
export const FIRST_WINDOW_MS = 60_000;
/** As many tell how common the words are. */
const SAMPLE = 1_000;
/** How many times longer a window may be than the one before. */
const GROWTH = 16;
/** Hits come in clusters: somewhat more than they make likely. */
const MARGIN = 1.25;

export interface Progress {
  /** Messages that were looked at, in all windows. */
  looked: number;
  hits: number;
  /** So many hits are enough. */
  wanted: number;
}

/**
 * How far back the next window of a search from the newest message on reaches, ms: as far as the hits so far make likely to be
 * enough. Undefined: the words are too rare for that, the index of words is faster.
 */
export function nextWindowMs(last: { lengthMs: number; looked: number }, { looked, hits, wanted }: Progress): number | undefined {
  const rest = SEARCH_BUDGET - looked;
  const likely = hits === 0 ? SAMPLE : (MARGIN * (wanted - hits) * looked) / hits;
  if (looked >= SAMPLE && (hits === 0 || likely > rest)) return undefined;
  return last.lengthMs * Math.min(GROWTH, Math.max(likely, SAMPLE / 4) / Math.max(last.looked, 1));
}
