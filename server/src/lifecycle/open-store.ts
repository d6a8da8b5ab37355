import { ConfigError, type Config } from '../config.ts';
import type { Logger } from '../log.ts';
import { migrate } from '../store/migrate.ts';
import type { ReadOutcome } from '../store/replicas/reads.ts';
import { createStore, type Store } from '../store/store.ts';
import { waitFor } from './wait-for.ts';

/** Wrong password, no such role, no such database: waiting does not mend them. */
const hopelessCodes = new Set(['28P01', '28000', '3D000']);

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Waits for Postgres, however long it takes, and applies migrations where this role may. */
export async function openStore(
  config: Config,
  log: Logger,
  signal: AbortSignal,
  onRead: (outcome: ReadOutcome) => void = () => undefined,
): Promise<Store> {
  const { databaseUrl, databasePool: poolSize, databaseReadUrls: readUrls } = config;
  const store = createStore({ databaseUrl, poolSize, readUrls: config.role === 'worker' ? [] : readUrls, log, onRead });
  const { hostname, port, pathname } = new URL(config.databaseUrl);
  const what = `Postgres at ${hostname}:${port || 5432}${pathname}`;
  try {
    await waitFor({ what, attempt: () => store.ping(), log, signal, isHopeless: (error) => hopelessCodes.has(codeOf(error)) });
    if (config.role === 'all' || config.role === 'migrate') await migrate(config.databaseUrl);
    await waitFor({ what: `the migrations of ${what}`, attempt: async () => void (await store.epoch()), log, signal });
    return store;
  } catch (error) {
    await store[Symbol.asyncDispose]();
    if (hopelessCodes.has(codeOf(error))) throw new ConfigError(`DATABASE_URL: ${what} refuses: ${(error as Error).message}`);
    throw error;
  }
}
