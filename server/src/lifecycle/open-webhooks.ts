import { setTimeout as wait } from 'node:timers/promises';
import type { Config } from '../config.ts';
import type { JobOutcome } from '../jobs/runner.ts';
import type { Logger } from '../log.ts';
import { createSafeFetch } from '../net/safe-fetch.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { enqueueDeliveries } from '../store/sql/webhooks.ts';
import { createDeliver } from '../webhooks/deliver.ts';
import type { Secrets } from '../webhooks/secrets.ts';
import { openJobs } from './open-jobs.ts';

export interface OpenWebhooksDeps {
  db: Db;
  secrets: Secrets;
  isPostgresReachable(): boolean;
  onSettled(kind: string, outcome: JobOutcome): void;
  log: Logger;
}

const POLL_MS = 300;
const AT_ONCE = 200;
/** Slow receivers must not keep mail and pictures waiting: webhooks have a runner of their own. */
const CONCURRENCY = 8;

/** Makes and runs the deliveries of outgoing webhooks, on pods with the roles `all` and `worker`. */
export function openWebhooks(config: Pick<Config, 'role' | 'fetchAllowedNetworks'>, deps: OpenWebhooksDeps): AsyncDisposable {
  const { db, secrets, log, onSettled } = deps;
  const stop = new AbortController();
  const { signal } = stop;
  const jobs = openJobs(config, { db, log, onSettled, concurrency: CONCURRENCY });
  jobs.handle('webhook', createDeliver({ db, secrets, safeFetch: createSafeFetch({ allowedNetworks: config.fetchAllowedNetworks }) }));

  /** Nothing is lost when it fails: where each webhook stands is in Postgres. */
  async function enqueue(): Promise<number> {
    if (!deps.isPostgresReachable()) return 0;
    return enqueueDeliveries(db, AT_ONCE).catch((error: unknown) => {
      log.debug({ err: error }, 'webhooks could not be looked at');
      return 0;
    });
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      if ((await enqueue()) === 0) await wait(POLL_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  const running = config.role === 'all' || config.role === 'worker' ? run() : Promise.resolve();
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await jobs[Symbol.asyncDispose]();
    },
  };
}
