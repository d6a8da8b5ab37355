import type { Config } from '../config.ts';
import type { JobOutcome } from '../jobs/runner.ts';
import type { Logger } from '../log.ts';
import { createSafeFetch } from '../net/safe-fetch.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { enqueueDeliveries } from '../store/sql/webhooks.ts';
import { createDeliver } from '../webhooks/deliver.ts';
import type { Secrets } from '../webhooks/secrets.ts';
import type { Duty } from './duty.ts';
import { openJobs } from './open-jobs.ts';

export interface OpenWebhooksDeps {
  db: Db;
  secrets: Secrets;
  duty: Pick<Duty, 'repeat'>;
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
  const jobs = openJobs(config, { db, log, onSettled, concurrency: CONCURRENCY });
  jobs.handle('webhook', createDeliver({ db, secrets, safeFetch: createSafeFetch({ allowedNetworks: config.fetchAllowedNetworks }) }));

  // Nothing is lost when it fails: where each webhook stands is in Postgres.
  deps.duty.repeat('looking for webhooks', POLL_MS, async () => (await enqueueDeliveries(db, AT_ONCE)) > 0);
  return jobs;
}
