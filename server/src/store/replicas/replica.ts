import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { Logger } from '../../log.ts';
import { isDataError } from '../errors.ts';
import { createPool, type PoolOptions } from '../pool.ts';
import type { Db } from '../sql/auth-keys.ts';
import type { Position } from './position.ts';

/** Why a replica did not serve. `conflict`: Postgres cancelled the statement, for replay's sake or as too slow. */
export type Refusal = 'away' | 'behind' | 'conflict';

export class ReplicaRefusal extends Error {
  override name = 'ReplicaRefusal';
  readonly reason: Refusal;

  constructor(reason: Refusal, message: string, cause?: unknown) {
    super(message, { cause });
    this.reason = reason;
  }
}

export interface ReplicaOptions extends Pick<PoolOptions, 'databaseCa' | 'databasePooler'> {
  url: string;
  poolSize: number;
  log: Logger;
  /** Longest time for everything: connecting, waiting for replay, the statements. */
  budgetMs: number;
  /** Of that, for replay to come by. */
  replayMs: number;
}

interface Standing {
  standby: boolean;
  same: boolean;
  timeline: number;
  reached: boolean;
}

const conflictCodes = new Set(['40001', '40P01', '57014']);

/** What it answers is of the transaction's server: a pooler may send the next transaction to another one. */
function standingSql({ lsn, systemIdentifier }: Position): string {
  if (!/^[0-9A-F]+\/[0-9A-F]+$/.test(lsn) || !/^\d+$/.test(systemIdentifier)) throw new Error('that is no position');
  return `select pg_is_in_recovery() as standby,
    (select system_identifier from pg_control_system()) = ${systemIdentifier} as same,
    (select timeline_id from pg_control_checkpoint()) as timeline,
    coalesce(pg_last_wal_replay_lsn() >= '${lsn}', false) as reached`;
}

/** A promoted server, one of another installation or one that was left behind by a promotion has another history. */
function check({ standby, same, timeline }: Standing, position: Position): void {
  if (!standby) throw new ReplicaRefusal('away', 'is no standby');
  if (!same) throw new ReplicaRefusal('away', 'is a standby of another server');
  if (timeline !== position.timeline) throw new ReplicaRefusal('behind', `is on timeline ${timeline}, not ${position.timeline}`);
}

/** Opens a transaction, and returns once its server has replayed the position. */
async function waitForReplay(client: pg.PoolClient, position: Position, untilMs: number): Promise<void> {
  const sql = standingSql(position);
  // Two statements in one message: the later ones of the transaction have a snapshot of their own each.
  const results = (await client.query(`begin transaction read only; ${sql}`)) as unknown as pg.QueryResult<Standing>[];
  let standing = results[1]!.rows[0]!;
  for (let pauseMs = 1; ; pauseMs *= 2) {
    check(standing, position);
    if (standing.reached) return;
    if (performance.now() + pauseMs > untilMs) throw new ReplicaRefusal('behind', 'has not replayed what was committed');
    await delay(pauseMs);
    standing = (await client.query<Standing>(sql)).rows[0]!;
  }
}

function toRefusal(error: unknown): ReplicaRefusal {
  if (error instanceof ReplicaRefusal) return error;
  const { code = '', message } = error as { code?: string; message: string };
  return new ReplicaRefusal(conflictCodes.has(code) ? 'conflict' : 'away', message, error);
}

/** What the work came to. An error is its own if no statement failed, or only for the values that it was given. */
type Outcome<T> = { value: T } | { error: unknown };

async function answer<T>(client: pg.PoolClient, work: (db: Db) => Promise<T>): Promise<Outcome<T>> {
  let failure: { of: unknown } | undefined;
  const query = client.query.bind(client) as (...args: unknown[]) => Promise<unknown>;
  const watched = (...args: unknown[]) =>
    query(...args).catch((error: unknown) => {
      failure = { of: error };
      throw error;
    });
  try {
    return { value: await work({ query: watched } as unknown as Db) };
  } catch (error) {
    if (failure && !isDataError(failure.of)) throw failure.of;
    return { error };
  }
}

/** One URL of DATABASE_READ_URL; there may be several servers behind it. */
export function createReplica({ url, budgetMs, replayMs, ...options }: ReplicaOptions) {
  const pool = createPool({ ...options, databaseUrl: url, statementMs: budgetMs, connectMs: 1_000 });
  const { host } = new URL(url);

  /** The end of the transaction is not waited for: nothing depends on it but the connection's next user. */
  function giveBack(client: pg.PoolClient): void {
    client.query('commit').then(
      () => client.release(),
      (error: unknown) => client.release(error instanceof Error ? error : true),
    );
  }

  /** Until the signal; then the connection is cut, and whatever waits for it fails. */
  async function attempt<T>(position: Position, work: (db: Db) => Promise<T>, signal: AbortSignal): Promise<Outcome<T>> {
    const client = await pool.connect();
    const cut = () => client.release(signal.reason as Error);
    if (signal.aborted) cut();
    signal.throwIfAborted();
    signal.addEventListener('abort', cut, { once: true });
    try {
      await waitForReplay(client, position, performance.now() + replayMs);
      const outcome = await answer(client, work);
      signal.removeEventListener('abort', cut);
      if (!signal.aborted) giveBack(client);
      return outcome;
    } catch (error) {
      signal.removeEventListener('abort', cut);
      if (!signal.aborted) client.release(error instanceof Error ? error : true);
      throw error;
    }
  }

  return {
    host,
    /**
     * Runs reads at this position or later, all on one server. What the work itself says (`not_member`) is thrown as it is;
     * whatever the replica is to blame for is a ReplicaRefusal, after `budgetMs` at the latest.
     */
    async read<T>(position: Position, work: (db: Db) => Promise<T>): Promise<T> {
      const stop = new AbortController();
      const late = new ReplicaRefusal('away', `did not answer within ${budgetMs} ms`);
      const timer = setTimeout(() => stop.abort(late), budgetMs);
      const { promise: tooLate, reject } = Promise.withResolvers<never>();
      stop.signal.addEventListener('abort', () => reject(late), { once: true });
      const tried = attempt(position, work, stop.signal);
      const outcome = await Promise.race([tried, tooLate])
        .catch((error: unknown) => {
          throw toRefusal(error);
        })
        .finally(() => clearTimeout(timer));
      if ('error' in outcome) throw outcome.error;
      return outcome.value;
    },
    [Symbol.asyncDispose]: () => pool.end(),
  };
}
export type Replica = ReturnType<typeof createReplica>;
