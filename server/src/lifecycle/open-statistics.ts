import type { Logger } from '../log.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { analyzeGrown } from '../store/sql/statistics.ts';
import type { Duty } from './duty.ts';

const EVERY_MS = 5_000;

/**
 * Postgres plans by what it counted last, and autovacuum counts once a minute. A new installation under load in its first minute
 * had plans for empty tables: the search index walked through whole conversations for each message of them
 * (a pass of 450 messages took 250 ms of CPU instead of 40, and longer each time).
 */
export function openStatistics(duty: Pick<Duty, 'repeat'>, db: Db, log: Logger): void {
  duty.repeat('counting tables', EVERY_MS, async () => {
    const tables = await analyzeGrown(db);
    if (tables.length > 0) log.debug({ tables }, 'tables that grew fast were analyzed');
    return false;
  });
}
