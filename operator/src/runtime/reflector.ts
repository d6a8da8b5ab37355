import type { KubeClient, Selection } from './client-types.ts';
import { type Clock, sleep, systemClock } from './clock.ts';
import { type ApiError, isGone } from './errors.ts';
import type { IndexFunctions } from './indexer.ts';
import { type Log, silentLog } from './log.ts';
import type { KubeObject, Resource } from './object.ts';
import { isNewer } from './resource-version.ts';
import { type Change, createStore, type ReadStore } from './store.ts';

export interface ReflectorTimings {
  /** The server ends a watch after this long, and up to half as long again. @default 240 */
  watchTimeoutSeconds: number;
  /** A stream that is silent for this long after its timeout is taken for dead. @default 30_000 */
  graceMs: number;
  /** First delay after an error; doubles, with jitter. @default 800 */
  baseDelayMs: number;
  /** @default 30_000 */
  maxDelayMs: number;
  /** A watch that lived this long ends a series of failures. @default 10_000 */
  healthyMs: number;
  /** Watches are opened no more often than this. @default 1_000 */
  minWatchMs: number;
  /** For one page of a list. @default 30_000 */
  listDeadlineMs: number;
}

const defaultTimings: ReflectorTimings = {
  watchTimeoutSeconds: 240,
  graceMs: 30_000,
  baseDelayMs: 800,
  maxDelayMs: 30_000,
  healthyMs: 10_000,
  minWatchMs: 1_000,
  listDeadlineMs: 30_000,
};

export interface ReflectorObserver {
  listed?(kind: string): void;
  watched?(kind: string): void;
  failed?(kind: string): void;
}

export interface ReflectorOptions<T extends KubeObject> extends Selection {
  client: Pick<KubeClient, 'list' | 'watch'>;
  resource: Resource<T>;
  /** Runs once per object before it is stored; leave out what nobody reads. managedFields are gone already. */
  transform?: (object: T) => T;
  indexes?: IndexFunctions<T>;
  log?: Log;
  clock?: Clock;
  random?: () => number;
  timings?: Partial<ReflectorTimings>;
  metrics?: ReflectorObserver;
}

export interface Reflector<T extends KubeObject> {
  readonly resource: Resource<T>;
  readonly store: ReadStore<T>;
  /** Keeps the store current until the signal aborts. Never fails: every error is logged, and tried again. */
  run(signal: AbortSignal): Promise<void>;
  /** Whether the first list is in the store. It stays true: later failures leave the store as it was. */
  hasSynced(): boolean;
  synced(): Promise<void>;
  /** Calls for everything there is as `added`, then for every change. The answer ends it. */
  subscribe(handler: (change: Change<T>) => void): () => void;
}

/**
 * List, then watch from the list's version on.
 *
 * | what happens                       | next                                                   |
 * |------------------------------------|--------------------------------------------------------|
 * | the server ends the watch          | watch again from the newest version seen               |
 * | events came out of order           | as above, but list again first: others may be missing  |
 * | 410, in an event or as the answer  | list again, at once if it is the first failure         |
 * | anything else                      | list again after a backoff                             |
 */
export function createReflector<T extends KubeObject>(options: ReflectorOptions<T>): Reflector<T> {
  const { client, resource, log = silentLog, clock = systemClock, random = Math.random, transform, metrics } = options;
  const timings = { ...defaultTimings, ...options.timings };
  const { namespace, labelSelector, fieldSelector } = options;
  const selection = { namespace, labelSelector, fieldSelector };
  const store = createStore<T>(options.indexes);
  const handlers = new Set<(change: Change<T>) => void>();
  const firstList = Promise.withResolvers<void>();
  let hasSynced = false;

  function prepared(object: T): T {
    // Not `delete`: V8 keeps an object that lost a field as a hash table, several times as large.
    const { managedFields: _managedFields, ...metadata } = object.metadata;
    object.metadata = metadata;
    return transform ? transform(object) : object;
  }

  function call(handler: (change: Change<T>) => void, change: Change<T>): void {
    try {
      handler(change);
    } catch (error) {
      log.error({ err: error, kind: resource.kind }, 'handler of a change failed');
    }
  }

  function publish(change: Change<T> | undefined): void {
    if (change) for (const handler of handlers) call(handler, change);
  }

  async function list(signal: AbortSignal): Promise<string> {
    metrics?.listed?.(resource.kind);
    // The backoff of run() is the only retry: two on top of each other would multiply.
    const { items, resourceVersion } = await client.list(resource, {
      ...selection,
      signal,
      deadlineMs: timings.listDeadlineMs,
      retry: false,
      transform: prepared,
    });
    for (const change of store.replace(items, resourceVersion)) publish(change);
    hasSynced = true;
    firstList.resolve();
    return resourceVersion;
  }

  /** Gives the version to go on from, or undefined when events came out of order. */
  async function watch(from: string, signal: AbortSignal): Promise<string | undefined> {
    metrics?.watched?.(resource.kind);
    let version = from;
    let isOrdered = true;
    const timeoutSeconds = Math.ceil(timings.watchTimeoutSeconds * (1 + random() / 2));
    for await (const event of client.watch(resource, {
      ...selection,
      resourceVersion: from,
      timeoutSeconds,
      graceMs: timings.graceMs,
      signal,
    })) {
      const seen = event.object.metadata.resourceVersion;
      if (seen && isNewer(seen, version)) version = seen;
      else if (event.type !== 'BOOKMARK') isOrdered = false;
      if (event.type === 'DELETED') publish(store.remove(event.object));
      else if (event.type !== 'BOOKMARK') publish(store.upsert(prepared(event.object)));
    }
    return isOrdered ? version : undefined;
  }

  async function pauseAfter(error: unknown, failures: number, signal: AbortSignal): Promise<void> {
    metrics?.failed?.(resource.kind);
    const isQuick = failures === 1 && isGone(error);
    const ceiling = Math.min(timings.maxDelayMs, timings.baseDelayMs * 2 ** (failures - 1));
    const delayMs = isQuick ? 0 : Math.max(ceiling * (0.5 + random() / 2), (error as Partial<ApiError>).retryAfterMs ?? 0);
    log[isGone(error) ? 'debug' : 'warn'](
      { err: error, kind: resource.kind, failures, delayMs },
      'listing again after a failed watch or list',
    );
    await sleep(clock, delayMs, signal);
  }

  async function run(signal: AbortSignal): Promise<void> {
    let version: string | undefined;
    let failures = 0;
    while (!signal.aborted) {
      let openedAt = Number.POSITIVE_INFINITY;
      try {
        version ??= await list(signal);
        openedAt = clock.now();
        version = await watch(version, signal);
        await sleep(clock, openedAt + timings.minWatchMs - clock.now(), signal);
      } catch (error) {
        if (signal.aborted) break;
        version = undefined;
        failures = clock.now() - openedAt >= timings.healthyMs ? 1 : failures + 1;
        await pauseAfter(error, failures, signal);
      }
    }
  }

  return {
    resource,
    store,
    run,
    hasSynced: () => hasSynced,
    synced: () => firstList.promise,
    subscribe(handler) {
      for (const object of store.list()) call(handler, { type: 'added', object });
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
  };
}
