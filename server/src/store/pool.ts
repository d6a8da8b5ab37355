import pg from 'pg';
import type { Logger } from '../log.ts';

export interface PoolOptions {
  databaseUrl: string;
  poolSize: number;
  log: Logger;
}

/** Counters and positions stay far below 2^53. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === pg.types.builtins.INT8) return Number;
  return pg.types.getTypeParser(oid, format as 'text');
}

export function createPool({ databaseUrl, poolSize, log }: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    max: poolSize,
    application_name: 'chatcluster',
    connectionTimeoutMillis: 3_000,
    statement_timeout: 10_000,
    // A frozen pod must not hold locks, nor the snapshot that the tail waits for.
    idle_in_transaction_session_timeout: 5_000,
    // Also ends a wait on a half-open connection, where Postgres cannot.
    query_timeout: 12_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    // Compiling plans costs more than running these short statements.
    options: '-c jit=off',
    types: { getTypeParser: getTypeParser as typeof pg.types.getTypeParser },
  });
  // An idle connection that breaks is replaced by the next query; without a listener it would end the process.
  pool.on('error', (error) => log.warn({ err: error }, 'idle database connection failed'));
  return pool;
}
