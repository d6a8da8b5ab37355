import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../../tools/src/testing.ts';
import { type ControllerOptions, ownerKeys, runController, type Source } from './controller.ts';
import { ApiError, TerminalError } from './errors.ts';
import { silentLog } from './log.ts';
import { createMetrics } from './metrics.ts';
import type { KubeObject } from './object.ts';
import { createQueue } from './queue.ts';
import type { Change } from './store.ts';

const object = (name: string, owner?: string): KubeObject => ({
  metadata: {
    name,
    namespace: 'n',
    ownerReferences: owner ? [{ apiVersion: 'v1', kind: 'Owner', name: owner, uid: owner, controller: true }] : undefined,
  },
});

/** A source that is told by hand what changed. */
function createFeed(keys?: Source['keys']) {
  const handlers = new Set<(change: Change<KubeObject>) => void>();
  const first = Promise.withResolvers<void>();
  const reflector: Source['reflector'] = {
    subscribe(handler) {
      handlers.add(handler);
      return () => void handlers.delete(handler);
    },
    synced: () => first.promise,
  };
  return {
    source: { reflector, keys },
    sync: first.resolve,
    handlers,
    publish: (change: Change<KubeObject>) => {
      for (const handler of handlers) handler(change);
    },
  };
}

function start(reconcile: ControllerOptions['reconcile'], more: Partial<ControllerOptions> & { keys?: Source['keys'] } = {}) {
  const { keys, ...options } = more;
  const feed = createFeed(keys);
  const stop = new AbortController();
  const metrics = createMetrics();
  const running = runController({ name: 'c', reconcile, sources: [feed.source], signal: stop.signal, log: silentLog, metrics, ...options });
  return {
    ...feed,
    metrics,
    add: (name: string) => feed.publish({ type: 'added', object: object(name) }),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

async function metric(metrics: ReturnType<typeof createMetrics>, line: string): Promise<number> {
  const found = (await metrics.registry.metrics()).split('\n').find((each) => each.startsWith(`${line} `));
  return Number(found?.split(' ').at(-1) ?? 0);
}

test('nothing is reconciled before every source has synced', async () => {
  const keys: string[] = [];
  await using running = start(async (key) => void keys.push(key));
  running.add('a');
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(keys, []);
  running.sync();
  await eventually(() => keys.length === 1);
  assert.deepEqual(keys, ['n/a']);
});

test('an owned object leads to its owner, and to its old owner when it moves', async () => {
  const keys: string[] = [];
  await using running = start(async (key) => void keys.push(key), { keys: ownerKeys('Owner') });
  running.sync();
  running.publish({ type: 'updated', object: object('x', 'new'), previous: object('x', 'old') });
  running.publish({ type: 'added', object: object('unowned') });
  await eventually(() => keys.length === 2);
  assert.deepEqual(keys, ['n/new', 'n/old']);
});

test('a failure is tried again, and a success ends the backoff', async () => {
  let calls = 0;
  const queue = createQueue();
  await using running = start(
    async () => {
      calls += 1;
      if (calls < 4) throw new Error('not yet');
    },
    { queue },
  );
  running.sync();
  running.add('a');
  await eventually(() => calls === 4);
  await eventually(() => queue.retries('n/a') === 0);
  assert.equal(await metric(running.metrics, 'controller_runtime_reconcile_total{controller="c",result="error"}'), 3);
  assert.equal(await metric(running.metrics, 'controller_runtime_reconcile_errors_total{controller="c"}'), 3);
  assert.equal(await metric(running.metrics, 'controller_runtime_reconcile_total{controller="c",result="success"}'), 1);
});

test('a failure that no retry helps is not tried again', async () => {
  const queue = createQueue();
  await using running = start(() => Promise.reject(new TerminalError('never')), { queue });
  running.sync();
  running.add('a');
  await eventually(async () => (await metric(running.metrics, 'controller_runtime_reconcile_errors_total{controller="c"}')) === 1);
  assert.deepEqual([queue.length, queue.retries('n/a')], [0, 0]);
});

test('Retry-After of the API server outweighs a shorter backoff', async () => {
  const times: number[] = [];
  await using running = start(async () => {
    times.push(performance.now());
    if (times.length === 1) throw new ApiError('busy', { status: 429, reason: 'TooManyRequests', retryAfterMs: 200 });
  });
  running.sync();
  running.add('a');
  await eventually(() => times.length === 2);
  assert.ok((times[1] ?? 0) - (times[0] ?? 0) >= 199);
});

test('a result may ask to be called again later', async () => {
  let calls = 0;
  await using running = start(async () => {
    calls += 1;
    return calls < 3 ? { requeueAfterMs: 5 } : undefined;
  });
  running.sync();
  running.add('a');
  await eventually(() => calls === 3);
  assert.equal(await metric(running.metrics, 'controller_runtime_reconcile_total{controller="c",result="requeue_after"}'), 2);
});

test('as many keys run at once as there are workers, and never one key twice', async () => {
  const active = new Set<string>();
  const release = Promise.withResolvers<void>();
  let most = 0;
  let ended = 0;
  const queue = createQueue();
  await using running = start(
    async (key) => {
      assert.ok(!active.has(key));
      active.add(key);
      most = Math.max(most, active.size);
      await release.promise;
      active.delete(key);
      ended += 1;
    },
    { concurrency: 3, queue },
  );
  running.sync();
  const names = ['a', 'b', 'c', 'd', 'e'];
  for (const name of names) running.add(name);
  await eventually(() => active.size === 3);
  for (const name of names) running.add(name);
  assert.equal(queue.length, 2);
  release.resolve();
  // Those that ran when they were added again run once more; the two that waited, once in all.
  await eventually(() => ended === 8);
  assert.deepEqual([most, queue.length], [3, 0]);
});

test('a reconcile over its deadline is told to stop, and its key is not given out meanwhile', async () => {
  const release = Promise.withResolvers<void>();
  const queue = createQueue();
  let calls = 0;
  let isAborted = false;
  await using running = start(
    async (_key, signal) => {
      calls += 1;
      if (calls > 1) return;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      isAborted = true;
      await release.promise;
      signal.throwIfAborted();
    },
    { concurrency: 2, reconcileTimeoutMs: 20, queue },
  );
  running.sync();
  running.add('a');
  await eventually(() => isAborted);
  running.add('a');
  assert.deepEqual([calls, queue.length], [1, 0]);
  release.resolve();
  await eventually(() => calls >= 2);
  assert.equal(await metric(running.metrics, 'controller_runtime_reconcile_errors_total{controller="c"}'), 1);
});

test('stopping aborts what runs, drops what waits, and leaves no handler behind', async () => {
  const keys: string[] = [];
  const running = start(async (key, signal) => {
    keys.push(key);
    await new Promise((resolve) => signal.addEventListener('abort', resolve));
    signal.throwIfAborted();
  });
  running.sync();
  running.add('a');
  running.add('b');
  await eventually(() => keys.length === 1);
  await running[Symbol.asyncDispose]();
  assert.deepEqual(keys, ['n/a']);
  assert.equal(running.handlers.size, 0);
  assert.equal(await metric(running.metrics, 'controller_runtime_reconcile_errors_total{controller="c"}'), 0);
});

test('a controller that is stopped before its sources have synced ends at once', async () => {
  const running = start(async () => undefined);
  await running[Symbol.asyncDispose]();
  assert.equal(running.handlers.size, 0);
});
