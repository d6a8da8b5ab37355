import type pg from 'pg';
import { createPool, type PoolOptions } from './pool.ts';
import { appendEntries } from './sql/append-entries.ts';
import { loadAccess } from './sql/load-access.ts';
import type { AppendRow } from './types.ts';

export type { PoolOptions as StoreOptions };

/** Everything that this program asks of Postgres, except users and sessions (their queries take the pool). */
export function createStore(options: PoolOptions) {
  const pool: pg.Pool = createPool(options);
  return {
    pool,
    appendEntries: (rows: AppendRow[]) => appendEntries(pool, rows),
    loadAccess: (conversationIds: string[]) => loadAccess(pool, conversationIds),
    [Symbol.asyncDispose]: () => pool.end(),
  };
}

export type Store = ReturnType<typeof createStore>;
