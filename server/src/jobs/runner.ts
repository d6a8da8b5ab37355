import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Logger } from '../log.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { type ClaimedJob, claimJobs, deleteFailedJobs, failJob, finishJob, renewJob, repeatJob } from '../store/sql/jobs.ts';
import type { JobKind } from './kinds.ts';

/**
 * Side effects that must happen (mail, push, webhooks, thumbnails), kept in the table `jobs` until they did.
 *
 * To add one: write the job with `enqueueJob(db, { kind, payload })` of `store/sql/jobs.ts`, in the transaction whose effect
 * it is, name the kind in `kinds.ts`, and give its handler to the runner where the app is put together:
 * `jobs.handle('thumbnail', { run })`. Pods
 * with the roles `all` and `worker` run them; a release that does not know a kind leaves it to those that do.
 *
 * Each job runs at least once, and once unless its pod dies, freezes for longer than the lease, or loses Postgres between
 * the effect and the deletion of the row. A handler must therefore bear to run twice (give the effect an id made from
 * `job.id`). What it throws is repeated with exponential backoff and jitter; `PermanentJobError`, or the last attempt, sets the
 * job aside with `failed_at` and `last_error`, where it stays for 30 days. `key` keeps two of the same from waiting at once.
 */
export interface JobRunner<Kind extends string = JobKind> extends AsyncDisposable {
  handle(kind: Kind, handler: JobHandler): void;
}

export interface JobHandler {
  /** `payload` is what another release may have written: parse it. */
  run(payload: unknown, job: JobContext): Promise<void>;
  /** @default 30: about 6 hours */
  maxAttempts?: number;
}

export interface JobContext {
  id: number;
  /** 1 at the first try. */
  attempt: number;
  /** The pod stops, or somebody else has the job by now: end soon, by throwing. */
  signal: AbortSignal;
}

/** Repeating cannot help. */
export class PermanentJobError extends Error {
  override name = 'PermanentJobError';
}

export interface JobRunnerDeps {
  db: Db;
  log: Logger;
  /** Told how each attempt ended. */
  onSettled?: (kind: string, outcome: JobOutcome) => void;
  /** @default 500 */
  pollMs?: number;
  /** After this a job whose pod is silent is taken by another; renewed while it runs. @default 30 s */
  leaseMs?: number;
  /** Jobs at once. @default 4 */
  concurrency?: number;
  /** First pause before a repetition; doubled each time. @default 2 s */
  backoffMs?: number;
  /** How long disposing waits for what is under way. @default 4 s */
  stopMs?: number;
}

export type JobOutcome = 'done' | 'repeated' | 'failed';

const DEFAULT_ATTEMPTS = 30;
const MAX_BACKOFF_MS = 15 * 60_000;
const KEEP_FAILED_DAYS = 30;
const PRUNE_MS = 3_600_000;

export function createJobRunner<Kind extends string = JobKind>(deps: JobRunnerDeps): JobRunner<Kind> {
  const { db, log, pollMs = 500, leaseMs = 30_000, concurrency = 4, stopMs = 4_000 } = deps;
  const handlers = new Map<string, JobHandler>();
  const stop = new AbortController();
  const running = new Set<Promise<void>>();
  let prunedAt = performance.now();

  async function takeSome(): Promise<void> {
    const free = concurrency - running.size;
    if (free === 0 || handlers.size === 0) return;
    const lease = randomUUID();
    for (const job of await claimJobs(db, { kinds: [...handlers.keys()], limit: free, lease, leaseMs })) {
      const work = runJob({ ...deps, leaseMs, stop: stop.signal }, handlers.get(job.kind)!, { ...job, lease }).finally(() =>
        running.delete(work),
      );
      running.add(work);
    }
    if (performance.now() - prunedAt < PRUNE_MS) return;
    prunedAt = performance.now();
    await deleteFailedJobs(db, KEEP_FAILED_DAYS);
  }

  async function loop(): Promise<void> {
    while (!stop.signal.aborted) {
      await takeSome().catch((error: unknown) => log.debug({ err: error }, 'jobs could not be taken'));
      // A full house waits for a free place; otherwise look again soon.
      if (running.size >= concurrency) await Promise.race(running);
      else await wait(pollMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  }

  const looping = loop();
  return {
    handle: (kind, handler) => void handlers.set(kind, handler),
    async [Symbol.asyncDispose]() {
      stop.abort();
      const late = new AbortController();
      const settled = Promise.all([looping, ...running]).finally(() => late.abort());
      // What hangs longer is taken by another pod when its lease ends.
      await Promise.race([settled, wait(stopMs, undefined, { signal: late.signal }).catch(() => undefined)]);
    },
  };
}

type Leased = ClaimedJob & { lease: string };
type RunDeps = JobRunnerDeps & { leaseMs: number; stop: AbortSignal };

async function runJob(deps: RunDeps, handler: JobHandler, job: Leased): Promise<void> {
  const { db, leaseMs, stop } = deps;
  const lost = new AbortController();
  const beat = setInterval(() => {
    // A beat that fails is repeated by the next; three fit into a lease.
    renewJob(db, job.id, job.lease, leaseMs).then(
      (mine) => mine || lost.abort(),
      (error: unknown) => deps.log.debug({ err: error, jobId: job.id }, 'lease of a job could not be renewed'),
    );
  }, leaseMs / 3);
  beat.unref();
  try {
    const signal = AbortSignal.any([lost.signal, stop]);
    const failure = await attempt(() => handler.run(job.payload, { id: job.id, attempt: job.attempt, signal }));
    if (lost.signal.aborted) return;
    await settleSurely(deps, () => settle(deps, handler, { job, failure }));
  } finally {
    clearInterval(beat);
  }
}

interface Failure {
  error: unknown;
}

async function attempt(work: () => Promise<void>): Promise<Failure | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return { error };
  }
}

async function settle(deps: RunDeps, handler: JobHandler, { job, failure }: { job: Leased; failure?: Failure }): Promise<void> {
  const { db, log, onSettled, stop, backoffMs = 2_000 } = deps;
  const { id, lease, kind } = job;
  if (!failure) {
    await finishJob(db, id, lease);
    return onSettled?.(kind, 'done');
  }
  if (stop.aborted) return repeatJob(db, { id, lease, delayMs: 0, error: null, isCounted: false });
  const error = describe(failure.error);
  if (failure.error instanceof PermanentJobError || job.attempt >= (handler.maxAttempts ?? DEFAULT_ATTEMPTS)) {
    await failJob(db, id, lease, error);
    log.error({ jobId: id, kind, attempt: job.attempt, error }, 'job given up');
    return onSettled?.(kind, 'failed');
  }
  const delayMs = Math.min(MAX_BACKOFF_MS, backoffMs * 2 ** (job.attempt - 1)) * (0.5 + Math.random() / 2);
  await repeatJob(db, { id, lease, delayMs, error, isCounted: true });
  log.warn({ jobId: id, kind, attempt: job.attempt, error, delayMs: Math.round(delayMs) }, 'job failed; it is repeated');
  onSettled?.(kind, 'repeated');
}

/** The effect has happened: while Postgres is away the row must not be left to the next pod without a try to remove it. */
async function settleSurely({ log, leaseMs, stop }: RunDeps, settleOnce: () => Promise<void>): Promise<void> {
  const end = performance.now() + leaseMs;
  for (;;) {
    const failure = await attempt(settleOnce);
    if (!failure) return;
    if (performance.now() > end || stop.aborted)
      return log.warn({ err: failure.error }, 'end of a job could not be stored; it may run again');
    await wait(250, undefined, { signal: stop }).catch(() => undefined);
  }
}

function describe(error: unknown): string {
  return (error instanceof Error ? `${error.name}: ${error.message}` : 'a value that is no Error was thrown').slice(0, 500);
}
