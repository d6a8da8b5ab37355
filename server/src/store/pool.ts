import pg from 'pg';
import type { Logger } from '../log.ts';
import { arrayParsers } from './arrays.ts';
import { connectionOf, type Database } from './connection.ts';

export interface PoolOptions extends Database {
  /** @default none */
  databasePooler?: 'none' | 'transaction' | undefined;
  poolSize: number;
  log: Logger;
  /** Longest life of a statement. @default 10000 */
  statementMs?: number;
  /** Longest wait for a connection, a free or a new one. @default 3000 */
  connectMs?: number;
}

/** Counters and positions stay far below 2^53. */
function getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
  if (oid === pg.types.builtins.INT8) return Number;
  return arrayParsers.get(oid) ?? pg.types.getTypeParser(oid, format as 'text');
}

/** Settings of the connection. A pooler would refuse them, since its connections to the server are not ours. */
function sessionSettings(statementMs: number): pg.PoolConfig {
  return {
    statement_timeout: statementMs,
    // A frozen pod must not hold locks, nor the snapshot that the tail waits for.
    idle_in_transaction_session_timeout: 5_000,
    // Compiling plans costs more than running these short statements.
    options: '-c jit=off',
  };
}

/** Statements lose their names: what was prepared on one connection is not there on the next. */
function forgetNames(client: pg.PoolClient): void {
  const query = client.query.bind(client) as (...args: unknown[]) => unknown;
  const unnamed = (first: unknown, ...rest: unknown[]) =>
    typeof first === 'object' && first !== null && 'name' in first && 'text' in first
      ? query({ ...first, name: undefined }, ...rest)
      : query(first, ...rest);
  Object.assign(client, { query: unnamed });
}

export function createPool(options: PoolOptions): pg.Pool {
  const { poolSize, log, statementMs = 10_000, connectMs = 3_000 } = options;
  const isPooled = options.databasePooler === 'transaction';
  const pool = new pg.Pool({
    ...connectionOf(options),
    ...(isPooled ? {} : sessionSettings(statementMs)),
    max: poolSize,
    application_name: 'chatcluster',
    connectionTimeoutMillis: connectMs,
    // Also ends a wait on a half-open connection, where Postgres cannot.
    query_timeout: statementMs + 2_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 5_000,
    types: { getTypeParser: getTypeParser as typeof pg.types.getTypeParser },
  });
  // An idle connection that breaks is replaced by the next query; without a listener it would end the process.
  pool.on('error', (error) => log.warn({ err: error }, 'idle database connection failed'));
  // One that breaks while somebody holds it fails their statement; the event that comes with it has no other listener.
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
    if (isPooled) forgetNames(client);
  });
  return pool;
}
