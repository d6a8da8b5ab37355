import { type Clock, systemClock } from './clock.ts';
import { backoffMs, createTokenBucket, type QueueLimits } from './rate-limit.ts';

/**
 * A keyed work queue with the semantics of controller-runtime's. A key is in one of these states:
 *
 * | state              | add()             | get()      | done()  |
 * |--------------------|-------------------|------------|---------|
 * | absent             | → queued          |            |         |
 * | queued             | stays (one entry) | → running  |         |
 * | running            | → running, dirty  | not given  | absent  |
 * | running, dirty     | stays             | not given  | queued  |
 *
 * Besides, a key may have one delayed add, which does add() when its time comes.
 */
export interface Queue {
  add(key: string): void;
  /** Of several delayed adds of one key the earliest counts; an add() before it does not cancel it. */
  addAfter(key: string, delayMs: number): void;
  /** Adds after the key's backoff, the shared bucket's delay or `atLeastMs`, whichever is longest. */
  addRateLimited(key: string, atLeastMs?: number): void;
  /** The key's next failure counts as its first. */
  forget(key: string): void;
  retries(key: string): number;
  /** The next key, which is then running until done(); undefined once the queue has shut down and is empty. */
  get(): Promise<string | undefined>;
  done(key: string): void;
  /** Takes no more; ends when everything is done. With `drain: false` what is queued is dropped. @default true */
  shutdown(options?: { drain?: boolean }): Promise<void>;
  /** Queued, neither running nor delayed. */
  readonly length: number;
}

/** Called at the moments that metrics are made of; all times in milliseconds of the queue's clock. */
export interface QueueObserver {
  added?(key: string): void;
  retried?(key: string): void;
  started?(key: string, waitedMs: number): void;
  finished?(key: string, workedMs: number): void;
  depth?(length: number): void;
}

export interface QueueOptions {
  clock?: Clock;
  limits?: QueueLimits;
  observer?: QueueObserver;
}

export function createQueue({ clock = systemClock, limits = {}, observer = {} }: QueueOptions = {}): Queue {
  /** In order of arrival; the value is when it came. */
  const queued = new Map<string, number>();
  const running = new Map<string, { since: number; dirty: boolean }>();
  const delayed = new Map<string, { at: number; cancel: () => void }>();
  const failures = new Map<string, number>();
  const getters: ((key: string | undefined) => void)[] = [];
  const drained = Promise.withResolvers<void>();
  const takeToken = createTokenBucket(limits, clock.now);
  let closing = false;

  function enqueue(key: string): void {
    queued.set(key, clock.now());
    observer.added?.(key);
    observer.depth?.(queued.size);
    serve();
  }

  /** Hands queued keys to waiting workers. */
  function serve(): void {
    for (const [key, since] of queued) {
      const getter = getters.shift();
      if (!getter) break;
      queued.delete(key);
      const now = clock.now();
      running.set(key, { since: now, dirty: false });
      observer.started?.(key, now - since);
      observer.depth?.(queued.size);
      getter(key);
    }
    if (!closing || queued.size > 0) return;
    for (const getter of getters.splice(0)) getter(undefined);
    if (running.size === 0) drained.resolve();
  }

  const queue: Queue = {
    add(key) {
      if (closing || queued.has(key)) return;
      const run = running.get(key);
      if (run) run.dirty = true;
      else enqueue(key);
    },
    addAfter(key, delayMs) {
      if (closing) return;
      if (!(delayMs > 0)) return queue.add(key);
      const at = clock.now() + delayMs;
      const waiting = delayed.get(key);
      if (waiting && waiting.at <= at) return;
      waiting?.cancel();
      const cancel = clock.setTimer(delayMs, () => {
        delayed.delete(key);
        queue.add(key);
      });
      delayed.set(key, { at, cancel });
    },
    addRateLimited(key, atLeastMs = 0) {
      if (closing) return;
      const before = failures.get(key) ?? 0;
      failures.set(key, before + 1);
      observer.retried?.(key);
      queue.addAfter(key, Math.max(backoffMs(before, limits), takeToken(), atLeastMs));
    },
    forget: (key) => void failures.delete(key),
    retries: (key) => failures.get(key) ?? 0,
    get() {
      const { promise, resolve } = Promise.withResolvers<string | undefined>();
      getters.push(resolve);
      serve();
      return promise;
    },
    done(key) {
      const run = running.get(key);
      if (!run) return;
      running.delete(key);
      observer.finished?.(key, clock.now() - run.since);
      if (run.dirty) enqueue(key);
      else serve();
    },
    shutdown({ drain = true } = {}) {
      closing = true;
      for (const { cancel } of delayed.values()) cancel();
      delayed.clear();
      if (!drain) {
        queued.clear();
        for (const run of running.values()) run.dirty = false;
        observer.depth?.(0);
      }
      serve();
      return drained.promise;
    },
    get length() {
      return queued.size;
    },
  };
  return queue;
}
