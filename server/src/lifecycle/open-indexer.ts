import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';
import { indexMessages } from '../store/sql/search-messages.ts';

/** A message is found well within a second of its sending. */
const POLL_MS = 250;
/** Entries of one pass: some tenths of a second of Postgres. */
const AT_ONCE = 500;

export interface IndexerDeps {
  pool: pg.Pool;
  isPostgresReachable(): boolean;
  log: Logger;
}

/** Keeps the search index up to date, on pods with the roles `all` and `worker`; one of them works at a time. */
export function openIndexer({ role }: Pick<Config, 'role'>, { pool, isPostgresReachable, log }: IndexerDeps): AsyncDisposable {
  const stop = new AbortController();
  const { signal } = stop;

  async function step(): Promise<void> {
    while (!signal.aborted && isPostgresReachable() && (await indexMessages(pool, AT_ONCE)) > 0);
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      // Nothing is lost: where it stands is in Postgres, and the next pass begins there.
      await step().catch((error: unknown) => log.debug({ err: error }, 'messages could not be indexed'));
      await wait(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  const running = role === 'all' || role === 'worker' ? run() : Promise.resolve();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}
