import type { Place } from '../../state/model.ts';
import type { Row } from '../../state/rows.ts';

/** Pixels, until a row is measured. */
const estimates = { start: 180, day: 44, new: 28, note: 24, message: 40 } as const;
/** Avatar and name over a message. */
const FIRST_PX = 24;
/** What stands above and below the list: header, typing line, and a composer of one line. */
const AROUND_PX = 144;
/** Of the height of the window, without header and composer: a third of the list. */
const LANDING = 0.26;

export interface Sight {
  rows: readonly Row[];
  place: Place | undefined;
  hasBefore: boolean;
}

export function estimateSize(row: Row | undefined): number {
  return estimates[row?.kind ?? 'message'] + (row?.kind === 'message' && row.first ? FIRST_PX : 0);
}

/** Pixels below the top of the list where a message lands that one is taken to. */
export function landingPx(): number {
  return window.innerHeight * LANDING;
}

/** Of the list before it is in the page, in pixels. */
export function firstHeight(): number {
  return Math.max(0, window.innerHeight - AROUND_PX);
}

/** Where the list will be scrolled to when it is first seen, as far as it can be told before its rows are measured. */
export function firstOffset(sight: Sight): number {
  const index = landingIndex(sight);
  const above = sight.rows.slice(0, index).reduce((sum, row) => sum + estimateSize(row), 0);
  return Math.max(0, above - (index === undefined ? firstHeight() : landingPx()));
}

/** The row to be taken to: that of the place, else the "New" line; undefined: the end, or the place is not loaded. */
export function landingIndex({ rows, place, hasBefore }: Sight): number | undefined {
  if (place) return indexOfSeq(rows, place.seq, hasBefore);
  const index = rows.findIndex(({ kind }) => kind === 'new');
  return index < 0 ? undefined : index;
}

/** The message with that seq or the next one after it (it may be gone); undefined: what is loaded does not reach it. */
export function indexOfSeq(rows: readonly Row[], seq: number, hasBefore: boolean): number | undefined {
  const index = rows.findIndex((row) => row.kind === 'message' && (row.message.seq ?? Number.POSITIVE_INFINITY) >= seq);
  const row = rows[index];
  if (row?.kind !== 'message') return undefined;
  const isFirstLoaded = !rows.slice(0, index).some(({ kind }) => kind === 'message');
  return isFirstLoaded && hasBefore && row.message.seq !== seq ? undefined : index;
}
