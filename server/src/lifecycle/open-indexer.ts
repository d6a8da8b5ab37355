import type pg from 'pg';
import { indexMessages } from '../store/sql/search-messages.ts';
import type { Duty } from './duty.ts';

/** A message is found well within a second of its sending, but under full load (docs/benchmarks). */
const POLL_MS = 300;
/** Entries of one pass: about a hundredth of a second of Postgres. Passes of 500 were felt by everybody who sent meanwhile. */
const AT_ONCE = 100;

/** Keeps the search index up to date. Nothing is ever lost: where it stands is in Postgres, and the next pass begins there. */
export function openIndexer(duty: Pick<Duty, 'repeat'>, pool: pg.Pool): void {
  duty.repeat('indexing messages', POLL_MS, async () => (await indexMessages(pool, AT_ONCE)) > 0);
}
