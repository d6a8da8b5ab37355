import pg from 'pg';
import { connectionOf, type Database } from './connection.ts';
import { PostgresAwayError } from './errors.ts';

export interface Reachability extends AsyncDisposable {
  isReachable(): boolean;
  /** Called at each change, in the turn in which it is found. */
  onChange(handler: (reachable: boolean) => void): void;
}

export interface ReachabilityOptions extends Database {
  /** @default 500 */
  everyMs?: number;
  /** A Postgres that is frozen says nothing at all. @default 2000 */
  timeoutMs?: number;
}

/** Refused twice in a row: a single lost connection is no outage. No answer in time needs no second look. */
const REFUSALS = 2;
const QUICKLY_MS = 100;

/** A standby takes no writes: until it is promoted Postgres is away. */
const sql = 'select pg_is_in_recovery() as standby';

class NoAnswerError extends Error {
  override name = 'NoAnswerError';
}

async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  // Timers run before the sockets are read: after a long turn of this process the answer may be lying there already.
  const timer = setTimeout(() => setImmediate(() => reject(new NoAnswerError('no answer in time'))), timeoutMs);
  work.catch(() => undefined);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

/** One connection that asks nothing else: the pool may be full of statements that wait for the same frozen Postgres. */
function createProbe({ timeoutMs = 2_000, ...database }: ReachabilityOptions) {
  let client: pg.Client | undefined;

  function drop(): void {
    const gone = client;
    client = undefined;
    // Not awaited: a goodbye to a frozen server takes for ever.
    gone?.end().catch(() => undefined);
  }

  async function ask(): Promise<void> {
    if (client === undefined) {
      const fresh = new pg.Client({ ...connectionOf(database), application_name: 'chatcluster-probe' });
      fresh.on('error', () => undefined);
      client = fresh;
      await fresh.connect();
    }
    const { rows } = await client.query<{ standby: boolean }>(sql);
    if (rows[0]?.standby !== false) throw new PostgresAwayError();
  }

  return {
    ask: () =>
      within(ask(), timeoutMs).catch((error: unknown) => {
        drop();
        throw error;
      }),
    drop,
  };
}

/**
 * The breaker of Postgres: while it is open nobody waits for a timeout, and nobody refreshes a token.
 *
 *   reachable --refused twice in a row, or silent for `timeoutMs`--> away --one answer of a writable server--> reachable
 */
export function createReachability(options: ReachabilityOptions): Reachability {
  const { everyMs = 500 } = options;
  const probe = createProbe(options);
  const handlers = new Set<(reachable: boolean) => void>();
  let reachable = true;
  let refusals = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  function set(now: boolean): void {
    if (now === reachable) return;
    reachable = now;
    for (const handler of handlers) handler(now);
  }

  async function look(): Promise<void> {
    try {
      await probe.ask();
      refusals = 0;
      if (!stopped) set(true);
    } catch (error) {
      refusals += error instanceof NoAnswerError ? REFUSALS : 1;
      if (!stopped && refusals >= REFUSALS) set(false);
    }
    const isDoubtful = reachable && refusals > 0;
    if (!stopped) timer = setTimeout(() => void look(), isDoubtful ? QUICKLY_MS : everyMs).unref();
  }

  timer = setTimeout(() => void look(), everyMs).unref();
  return {
    isReachable: () => reachable,
    onChange: (handler) => void handlers.add(handler),
    async [Symbol.asyncDispose]() {
      stopped = true;
      clearTimeout(timer);
      probe.drop();
    },
  };
}

/** Statements are refused at once while Postgres is away, those under way too; their outcome is then unknown. */
export function guardPool(pool: pg.Pool, { isReachable, onChange }: Pick<Reachability, 'isReachable' | 'onChange'>): void {
  const query = pool.query.bind(pool) as (...args: unknown[]) => Promise<unknown>;
  const underWay = new Set<(error: Error) => void>();
  const guarded = (...args: unknown[]) => {
    if (!isReachable()) return Promise.reject(new PostgresAwayError());
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    underWay.add(reject);
    query(...args)
      .then(resolve, reject)
      .finally(() => underWay.delete(reject));
    return promise;
  };
  Object.assign(pool, { query: guarded });
  onChange((reachable) => {
    if (reachable) return;
    for (const reject of underWay) reject(new PostgresAwayError());
    underWay.clear();
  });
}
