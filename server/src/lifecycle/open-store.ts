import { ConfigError, type Config } from '../config.ts';
import type { Logger } from '../log.ts';
import { directOf, isTlsRefusal } from '../store/connection.ts';
import { migrate } from '../store/migrate.ts';
import { createPool } from '../store/pool.ts';
import type { ReadOutcome } from '../store/replicas/reads.ts';
import { RestoreUnfinishedError } from '../store/sql/restores.ts';
import { createStore, type Store } from '../store/store.ts';
import { waitFor } from './wait-for.ts';

/** Wrong password, no such role, no such database: waiting does not mend them. */
const hopelessCodes = new Set(['28P01', '28000', '3D000']);

/** What PgBouncer says of settings that it does not hand on. */
const isPooler = (error: unknown) => error instanceof Error && error.message.includes('unsupported startup parameter');
const isHopeless = (error: unknown) => hopelessCodes.has(codeOf(error)) || isTlsRefusal(error) || isPooler(error);

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** For tasks that open a connection of their own; a wrong password or name is told at once. */
export async function waitForPostgres(config: Config, log: Logger, signal: AbortSignal): Promise<void> {
  const pool = createPool({ ...directOf(config), poolSize: 1, log });
  try {
    await waitFor({ ...toWaitFor(config), attempt: async () => void (await pool.query('select 1')), log, signal });
  } catch (error) {
    throw refusal(config, error);
  } finally {
    await pool.end();
  }
}

function toWaitFor({ databaseUrl }: Config) {
  const { hostname, port, pathname } = new URL(databaseUrl);
  return { what: `Postgres at ${hostname}:${port || 5432}${pathname}`, isHopeless };
}

/** What waiting does not mend is told without a stack. */
function refusal(config: Config, error: unknown): unknown {
  if (error instanceof RestoreUnfinishedError) return new ConfigError(`DATABASE_URL: ${error.message}`, { cause: error });
  const { what } = toWaitFor(config);
  if (isTlsRefusal(error))
    return new ConfigError(
      `DATABASE_URL: ${what} is not trusted: ${error.message}; give the CA of its certificate in DATABASE_CA or DATABASE_CA_FILE`,
    );
  if (isPooler(error)) return new ConfigError(`DATABASE_URL: ${what} is a pooler; set DATABASE_POOLER=transaction`);
  if (!hopelessCodes.has(codeOf(error))) return error;
  return new ConfigError(`DATABASE_URL: ${what} refuses: ${(error as Error).message}`);
}

/** Waits for Postgres, however long it takes, and applies migrations where this role may. */
export async function openStore(
  config: Config,
  log: Logger,
  signal: AbortSignal,
  onRead: (outcome: ReadOutcome) => void = () => undefined,
): Promise<Store> {
  const readUrls = config.role === 'worker' ? [] : config.databaseReadUrls;
  const store = createStore({ ...config, poolSize: config.databasePool, readUrls, log, onRead });
  const { what } = toWaitFor(config);
  try {
    await waitFor({ ...toWaitFor(config), attempt: () => store.ping(), log, signal });
    if (config.role === 'all' || config.role === 'migrate') await migrate(directOf(config));
    await waitFor({ what: `the migrations of ${what}`, attempt: async () => void (await store.epoch()), log, signal });
    return store;
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw refusal(config, error);
  }
}
