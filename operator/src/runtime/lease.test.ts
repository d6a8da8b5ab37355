import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../../../tools/src/testing.ts';
import { createClient } from './create-client.ts';
import { FencedError } from './errors.ts';
import { type LeaseOptions, runElected } from './lease.ts';
import { LEASES } from './lease-record.ts';
import { createMetrics } from './metrics.ts';
import { startTestingCluster, type TestingCluster } from './testing-cluster.ts';
import { CONFIG_MAPS, configMap } from './testing-config-map.ts';
import { startTestingProxy, type TestingProxy } from './testing-proxy.ts';

let cluster: TestingCluster;
before(async () => {
  cluster = await startTestingCluster();
});
after(() => cluster[Symbol.asyncDispose]());

/** Two fifths of the real ones: whole seconds, and room for a busy machine. */
const short = { leaseMs: 6_000, renewDeadlineMs: 4_000, retryMs: 800, stopMs: 2_000 };

interface Candidate {
  proxy: TestingProxy;
  isLeading: boolean;
  ledSince: number;
  endedAt: number;
  stop(): Promise<'released' | 'lost'>;
  result: Promise<'released' | 'lost'>;
}

/** A candidate behind a proxy of its own: cut off there, it is as good as crashed. */
async function campaign(namespace: string, identity: string, more: Partial<LeaseOptions> = {}): Promise<Candidate & AsyncDisposable> {
  const proxy = await startTestingProxy(cluster.connection);
  const client = await createClient({ connection: proxy.connection });
  const abort = new AbortController();
  const state = { isLeading: false, ledSince: 0, endedAt: 0 };
  const result = runElected({
    client,
    namespace,
    name: 'lease',
    identity,
    signal: abort.signal,
    durations: short,
    async run({ signal }) {
      state.isLeading = true;
      state.ledSince = performance.now();
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      state.isLeading = false;
      state.endedAt = performance.now();
    },
    ...more,
  });
  const stop = () => {
    abort.abort();
    return result;
  };
  return Object.assign(state, {
    proxy,
    result,
    stop,
    async [Symbol.asyncDispose]() {
      await stop();
      await client.close();
      await proxy[Symbol.asyncDispose]();
    },
  });
}

/** Half-open: nothing it sends is answered from now on. */
function crash({ proxy }: Candidate): number {
  proxy.script = () => ({ kind: 'hang' });
  proxy.breakConnections();
  return performance.now();
}

test('one of two candidates leads; at a clean stop the other one takes over soon', async () => {
  const namespace = await cluster.createNamespace();
  await using a = await campaign(namespace, 'a');
  await eventually(() => a.isLeading);
  await using b = await campaign(namespace, 'b');
  const lease = await eventually(() => cluster.client.get(LEASES, { namespace, name: 'lease' }));
  assert.equal(lease.spec?.holderIdentity, 'a');
  assert.equal(b.isLeading, false);
  const stoppedAt = performance.now();
  assert.equal(await a.stop(), 'released');
  await eventually(() => b.isLeading);
  assert.ok(b.ledSince - stoppedAt < short.leaseMs / 2, `${b.ledSince - stoppedAt} ms`);
  const taken = await cluster.client.get(LEASES, { namespace, name: 'lease' });
  assert.deepEqual([taken.spec?.holderIdentity, taken.spec?.leaseTransitions], ['b', 1]);
});

test('a leader that is cut off stops before the other one starts', async () => {
  const namespace = await cluster.createNamespace();
  await using a = await campaign(namespace, 'a');
  await eventually(() => a.isLeading);
  await using b = await campaign(namespace, 'b');
  const cutAt = crash(a);
  await eventually(() => b.isLeading);
  assert.equal(a.isLeading, false);
  assert.equal(await a.result, 'lost');
  assert.ok(a.endedAt < b.ledSince, `${a.endedAt} before ${b.ledSince}`);
  assert.ok(b.ledSince - cutAt <= short.leaseMs + short.retryMs + 2_000);
});

test('a leader survives short trouble', async () => {
  const namespace = await cluster.createNamespace();
  await using a = await campaign(namespace, 'a');
  await eventually(() => a.isLeading);
  let refused = 0;
  a.proxy.script = () => (++refused <= 2 ? { kind: 'status', status: 500 } : undefined);
  await eventually(() => refused > 5);
  assert.equal(a.isLeading, true);
});

test('a leader whose lease was taken from it stops at the next renewal', async () => {
  const namespace = await cluster.createNamespace();
  await using a = await campaign(namespace, 'a');
  await eventually(() => a.isLeading);
  const { client } = cluster;
  await eventually(async () => {
    const lease = await client.get(LEASES, { namespace, name: 'lease' });
    return client.replace(LEASES, { ...lease, spec: { ...lease.spec, holderIdentity: 'thief' } });
  });
  assert.equal(await a.result, 'lost');
});

test('a fenced client writes nothing once leadership is over, not even when no timer could run', async () => {
  const namespace = await cluster.createNamespace();
  const outcome = Promise.withResolvers<unknown>();
  await using a = await campaign(namespace, 'a', {
    async run({ client, check }) {
      await client.create(CONFIG_MAPS, configMap(namespace, 'before'));
      check();
      // As a process that is frozen, or collects garbage for too long.
      const until = performance.now() + short.renewDeadlineMs + 50;
      while (performance.now() < until);
      assert.throws(check, FencedError);
      outcome.resolve(await client.create(CONFIG_MAPS, configMap(namespace, 'after')).catch((error: unknown) => error));
    },
  });
  assert.ok((await outcome.promise) instanceof FencedError);
  assert.equal(await a.result, 'lost');
  const { items } = await cluster.client.list(CONFIG_MAPS, { namespace });
  assert.deepEqual(
    items.map(({ metadata }) => metadata.name),
    ['before'],
  );
});

test('work that ignores its signal does not keep the lease, and does not give it away early', async () => {
  const namespace = await cluster.createNamespace();
  const never = Promise.withResolvers<void>();
  let isRunning = false;
  const a = await campaign(namespace, 'a', {
    run() {
      isRunning = true;
      return never.promise;
    },
  });
  await eventually(() => isRunning);
  assert.equal(await a.stop(), 'lost');
  assert.equal((await cluster.client.get(LEASES, { namespace, name: 'lease' })).spec?.holderIdentity, 'a');
  never.resolve();
  await a[Symbol.asyncDispose]();
});

test('what the work throws comes out, after the lease is given back', async () => {
  const namespace = await cluster.createNamespace();
  const failure = new Error('cannot go on');
  const a = await campaign(namespace, 'a', { run: () => Promise.reject(failure) });
  await assert.rejects(a.result, failure);
  assert.equal((await cluster.client.get(LEASES, { namespace, name: 'lease' })).spec?.holderIdentity, '');
  await a.proxy[Symbol.asyncDispose]();
});

test('the metric says who leads', async () => {
  const namespace = await cluster.createNamespace();
  const metrics = createMetrics();
  const status = async () => /leader_election_master_status\{name="lease"\} (\d)/.exec(await metrics.registry.metrics())?.[1];
  await using a = await campaign(namespace, 'a', { metrics });
  await eventually(async () => (await status()) === '1');
  await a.stop();
  assert.equal(await status(), '0');
});

test('of three candidates that are cut off and come back at random, never two act at once', async () => {
  const namespace = await cluster.createNamespace();
  const acting = new Set<string>();
  let overlaps = 0;
  let terms = 0;
  const act =
    (identity: string): LeaseOptions['run'] =>
    async ({ signal }) => {
      if (acting.size > 0) overlaps += 1;
      acting.add(identity);
      terms += 1;
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
      acting.delete(identity);
    };
  const endsAt = performance.now() + 30_000;
  const live = async (identity: string) => {
    while (performance.now() < endsAt) {
      await using one = await campaign(namespace, identity, { run: act(identity) });
      await eventually(() => acting.has(identity) || performance.now() > endsAt, { deadlineMs: 60_000 });
      if (Math.random() < 0.5) crash(one);
      else one.proxy.script = () => (Math.random() < 0.7 ? { kind: 'reset-after' } : undefined);
      await Promise.race([one.result, new Promise((resolve) => setTimeout(resolve, 6_000))]);
    }
  };
  await Promise.all(['a', 'b', 'c'].map(live));
  assert.equal(overlaps, 0);
  assert.ok(terms >= 3, `${terms} terms`);
});

test('with the real durations another one leads after a crash, and after a clean stop before the lease would have expired', {
  timeout: 150_000,
}, async () => {
  const namespace = await cluster.createNamespace();
  // What they may take is a figure of operator/tests/bench.ts: a busy machine adds its own.
  const durations = {};
  await using a = await campaign(namespace, 'a', { durations });
  await eventually(() => a.isLeading);
  await using b = await campaign(namespace, 'b', { durations });
  await eventually(() => b.proxy.requests.length > 1);
  const cutAt = crash(a);
  await eventually(() => b.isLeading, { deadlineMs: 60_000 });
  const failoverMs = b.ledSince - cutAt;
  assert.ok(a.endedAt < b.ledSince);
  await using c = await campaign(namespace, 'c', { durations });
  await eventually(() => c.proxy.requests.length > 1);
  const stoppedAt = performance.now();
  await b.stop();
  await eventually(() => c.isLeading);
  const handoverMs = c.ledSince - stoppedAt;
  assert.ok(handoverMs < 12_000, `handover took ${handoverMs} ms`);
  console.log(`# failover after a crash ${Math.round(failoverMs)} ms, handover at a clean stop ${Math.round(handoverMs)} ms`);
});
