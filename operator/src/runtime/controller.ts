import { type Clock, systemClock } from './clock.ts';
import { type ApiError, DeadlineError, TerminalError } from './errors.ts';
import type { Log } from './log.ts';
import type { RuntimeMetrics } from './metrics.ts';
import { controllerOf, keyOf, type KubeObject } from './object.ts';
import { createQueue, type Queue } from './queue.ts';
import type { Reflector } from './reflector.ts';
import type { Change } from './store.ts';

export interface ReconcileResult {
  /** Look again after this long although nothing failed. */
  requeueAfterMs?: number;
}

/** Makes the world match what `key` asks for. It is not told what changed: it reads the stores. */
export type Reconcile = (key: string, signal: AbortSignal) => Promise<ReconcileResult | void>;

export interface Source<T extends KubeObject = KubeObject> {
  reflector: Pick<Reflector<T>, 'subscribe' | 'synced'>;
  /** Keys to reconcile when this object changes. @default its own */
  keys?: (object: T, change: Change<T>) => string[];
}

export interface ControllerOptions {
  name: string;
  reconcile: Reconcile;
  /** Their reflectors are run by the caller, who may share them. */
  sources: Source[];
  signal: AbortSignal;
  log: Log;
  /** Keys that are reconciled at once. @default 1 */
  concurrency?: number;
  /** After this a reconcile's signal aborts; its key stays taken until it ends. @default 60_000 */
  reconcileTimeoutMs?: number;
  /** Given when others add keys too: timers, an autoscaler. It is shut down at the end. */
  queue?: Queue;
  metrics?: RuntimeMetrics;
  clock?: Clock;
}

/** For `Source.keys`: the object that controls this one, when it is of that kind. */
export function ownerKeys(kind: string): (object: KubeObject) => string[] {
  return (object) => {
    const owner = controllerOf(object);
    return owner?.kind === kind ? [keyOf({ name: owner.name, namespace: object.metadata.namespace })] : [];
  };
}

/** Types a source by its reflector; the controller itself does not care which type it is. */
export function source<T extends KubeObject>(reflector: Source<T>['reflector'], keys?: Source<T>['keys']): Source {
  return { reflector, keys } as unknown as Source;
}

function subscribe(queue: Queue, { reflector, keys = (object) => [keyOf(object)] }: Source): () => void {
  return reflector.subscribe((change) => {
    for (const key of keys(change.object, change)) queue.add(key);
    // An object that moved to another owner concerns the old one as well.
    if (change.previous) for (const key of keys(change.previous, change)) queue.add(key);
  });
}

/** Ends when the signal has aborted and nothing is in flight. What is queued is dropped: it is found again by listing. */
export async function runController(options: ControllerOptions): Promise<void> {
  const { name, signal, metrics, clock = systemClock, concurrency = 1, sources } = options;
  const queue = options.queue ?? createQueue({ clock, observer: metrics?.queueObserver(name) });
  const stopped = Promise.withResolvers<void>();
  const stop = () => stopped.resolve(queue.shutdown({ drain: false }));
  if (signal.aborted) return queue.shutdown({ drain: false });
  signal.addEventListener('abort', stop, { once: true });
  const unsubscribes = sources.map((one) => subscribe(queue, one));
  try {
    // Before every store is filled, what is missing from one looks as if it did not exist.
    await Promise.race([Promise.all(sources.map(({ reflector }) => reflector.synced())), stopped.promise]);
    const run = createRunner({ ...options, queue, clock });
    await Promise.all(Array.from({ length: concurrency }, run));
    await stopped.promise;
  } finally {
    for (const unsubscribe of unsubscribes) unsubscribe();
    signal.removeEventListener('abort', stop);
  }
}

/** One worker, as often as it is called. */
function createRunner(options: ControllerOptions & { queue: Queue; clock: Clock }): () => Promise<void> {
  const { name, queue, metrics, clock, concurrency = 1 } = options;
  let active = 0;
  metrics?.workers(name, 0, concurrency);

  async function handle(key: string): Promise<void> {
    const startedAt = clock.now();
    const seconds = () => (clock.now() - startedAt) / 1_000;
    metrics?.workers(name, ++active, concurrency);
    try {
      const { requeueAfterMs } = (await reconcileWithin(options, key)) ?? {};
      queue.forget(key);
      if (requeueAfterMs !== undefined) queue.addAfter(key, requeueAfterMs);
      metrics?.reconciled(name, requeueAfterMs === undefined ? 'success' : 'requeue_after', seconds());
    } catch (error) {
      fail(options, key, error);
      if (!options.signal.aborted) metrics?.reconciled(name, 'error', seconds());
    } finally {
      metrics?.workers(name, --active, concurrency);
    }
  }

  return async () => {
    for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
      await handle(key);
      queue.done(key);
    }
  };
}

function fail({ name, queue, log, signal }: ControllerOptions & { queue: Queue }, key: string, error: unknown): void {
  // What fails because we are stopping is no failure.
  if (signal.aborted) return log.debug({ controller: name, key, err: error }, 'reconcile ended by stopping');
  if (error instanceof TerminalError) return log.error({ controller: name, key, err: error }, 'reconcile failed for good');
  queue.addRateLimited(key, (error as Partial<ApiError> | undefined)?.retryAfterMs);
  log.warn({ controller: name, key, err: error, retries: queue.retries(key) }, 'reconcile failed');
}

/** The signal aborts at the deadline; a reconcile that heeds it ends with the DeadlineError. */
async function reconcileWithin(options: ControllerOptions & { clock: Clock }, key: string): Promise<ReconcileResult | void> {
  const { name, reconcile, signal, clock, log, reconcileTimeoutMs = 60_000 } = options;
  const run = new AbortController();
  const abort = () => run.abort(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  const cancel = clock.setTimer(reconcileTimeoutMs, () => {
    log.warn({ controller: name, key, reconcileTimeoutMs }, 'reconcile is over its deadline');
    run.abort(new DeadlineError(`reconcile of ${key} took longer than ${reconcileTimeoutMs} ms`));
  });
  try {
    return await reconcile(key, run.signal);
  } finally {
    cancel();
    signal.removeEventListener('abort', abort);
  }
}
