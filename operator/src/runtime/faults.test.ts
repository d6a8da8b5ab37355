import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../../../tools/src/testing.ts';
import { runController, source } from './controller.ts';
import { createClient } from './create-client.ts';
import { silentLog } from './log.ts';
import { parseKey } from './object.ts';
import { createReflector } from './reflector.ts';
import { startTestingCluster, type TestingCluster } from './testing-cluster.ts';
import { CONFIG_MAPS, type ConfigMap } from './testing-config-map.ts';
import { type Fault, type ProxiedRequest, startTestingProxy, type TestingProxy } from './testing-proxy.ts';

let cluster: TestingCluster;
before(async () => {
  cluster = await startTestingCluster();
});
after(() => cluster[Symbol.asyncDispose]());

/** Everything a tenth of what it is in production, so that a minute of trouble is over in seconds. */
const timings = {
  watchTimeoutSeconds: 1,
  graceMs: 500,
  baseDelayMs: 80,
  maxDelayMs: 1_000,
  healthyMs: 1_000,
  minWatchMs: 100,
  listDeadlineMs: 1_000,
};
const policy = { maxAttempts: 4, baseMs: 10, maxMs: 200 };

/** mulberry32: a failing run can be repeated. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const idleMs = 1_500;

const labelled = (namespace: string, name: string, role: string, data: Record<string, string> = {}): ConfigMap => ({
  metadata: { name, namespace, labels: { role } },
  data,
});

/** The smallest operator: keeps a copy of every source, through a network that is not to be trusted. */
async function startMirror(namespace: string, proxy: TestingProxy) {
  const client = await createClient({ connection: proxy.connection }, { policy, deadlineMs: 1_000 });
  const stop = new AbortController();
  const reflect = (role: string) => createReflector({ client, resource: CONFIG_MAPS, namespace, labelSelector: `role=${role}`, timings });
  const [sources, copies] = [reflect('source'), reflect('copy')];
  let reconciles = 0;
  const copyName = (name: string) => `copy-of-${name}`;
  const controller = runController({
    name: 'mirror',
    log: silentLog,
    signal: stop.signal,
    concurrency: 4,
    sources: [source(sources), source(copies, ({ metadata }) => [`${namespace}/${metadata.name.slice(copyName('').length)}`])],
    async reconcile(key, signal) {
      reconciles += 1;
      const ref = parseKey(key);
      const wanted = sources.store.get(ref);
      const copy = copies.store.get({ namespace, name: copyName(ref.name) });
      if (!wanted) return copy && client.delete(CONFIG_MAPS, copy.metadata, { signal, preconditions: { uid: copy.metadata.uid } });
      if (JSON.stringify(copy?.data) === JSON.stringify(wanted.data)) return;
      await client.apply(CONFIG_MAPS, labelled(namespace, copyName(ref.name), 'copy', wanted.data), { fieldManager: 'mirror', signal });
    },
  });
  const running = Promise.all([sources.run(stop.signal), copies.run(stop.signal), controller]);
  return {
    sources,
    copies,
    get reconciles() {
      return reconciles;
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await client.close();
    },
  };
}

/** Created, changed, deleted and made again, past the proxy. */
async function makeChanges(namespace: string, rounds: number): Promise<void> {
  const { client } = cluster;
  for (let round = 0; round < rounds; round += 1) {
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names)
      await client.apply(CONFIG_MAPS, labelled(namespace, name, 'source', { round: `${round}` }), { fieldManager: 'user' });
    await client.delete(CONFIG_MAPS, { namespace, name: names[round % 5] ?? 'a' });
    // Paced, so that faults fall between the changes.
    await delay(100);
    // Drift: somebody spoils a copy.
    await client.patch(CONFIG_MAPS, { namespace, name: 'copy-of-c' }, { data: { round: 'spoilt' } }).catch(() => undefined);
  }
}

async function isConverged(namespace: string): Promise<boolean> {
  const { items } = await cluster.client.list(CONFIG_MAPS, { namespace });
  const of = (role: string) =>
    items
      .filter(({ metadata }) => metadata.labels?.role === role)
      .map(({ metadata, data }) => `${metadata.name.replace('copy-of-', '')} ${JSON.stringify(data)}`)
      .sort();
  assert.deepEqual(of('copy'), of('source'));
  return true;
}

type Script = (random: () => number) => (request: ProxiedRequest, count: number) => Fault | undefined;
const onWatches =
  (fault: Fault): Script =>
  () =>
  ({ isWatch }) =>
    isWatch ? fault : undefined;
const sometimes =
  (share: number, ...faults: Fault[]): Script =>
  (random) =>
  () =>
    random() < share ? faults[Math.floor(random() * faults.length)] : undefined;

const watchFaults: Fault[] = [
  { watch: true, kind: 'cut', how: 'end', afterEvents: 1 },
  { watch: true, kind: 'cut', how: 'reset', afterEvents: 2 },
  { watch: true, kind: 'cut', how: 'silence', afterEvents: 1 },
  { watch: true, kind: 'gone', afterEvents: 1 },
  { watch: true, kind: 'shuffle', holdMs: 30 },
  { watch: true, kind: 'duplicate', times: 3 },
];
const requestFaults: Fault[] = [
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503, retryAfterSeconds: 1 },
  { kind: 'status', status: 429, reason: 'TooManyRequests', retryAfterSeconds: 1 },
  { kind: 'reset-before' },
  { kind: 'reset-after' },
  { kind: 'hang' },
  { kind: 'slow-body', chunkBytes: 400, everyMs: 5 },
];

/** All of them go on until the end: convergence is reached in spite of them. */
const scripts: Record<string, Script> = {
  'no fault at all': () => () => undefined,
  'every watch is refused with 410, ten times':
    () =>
    ({ isWatch }, count) =>
      isWatch && count < 20 ? { kind: 'status', status: 410, reason: 'Expired' } : undefined,
  '410 in every watch after an event': onWatches({ watch: true, kind: 'gone', afterEvents: 1 }),
  '429 with Retry-After for half of all calls': sometimes(0.5, { kind: 'status', status: 429, retryAfterSeconds: 1 }),
  '500 for a third of all calls': sometimes(0.33, { kind: 'status', status: 500 }),
  'resets before the request arrives': sometimes(0.33, { kind: 'reset-before' }),
  'resets after the request was carried out': sometimes(0.33, { kind: 'reset-after' }),
  'half-open connections': sometimes(0.2, { kind: 'hang' }),
  'slow bodies': sometimes(0.5, { kind: 'slow-body', chunkBytes: 400, everyMs: 5 }),
  'every watch is ended after one event': onWatches({ watch: true, kind: 'cut', how: 'end', afterEvents: 1 }),
  'every watch breaks after two events': onWatches({ watch: true, kind: 'cut', how: 'reset', afterEvents: 2 }),
  'watches fall silent after an event': onWatches({ watch: true, kind: 'cut', how: 'silence', afterEvents: 1 }),
  'events out of order': onWatches({ watch: true, kind: 'shuffle', holdMs: 30 }),
  'every event three times': onWatches({ watch: true, kind: 'duplicate', times: 3 }),
  'everything at once': (random) => {
    const faulty = { watch: sometimes(0.6, ...watchFaults)(random), other: sometimes(0.3, ...requestFaults)(random) };
    return (request, count) => faulty[request.isWatch ? 'watch' : 'other'](request, count);
  },
};

for (const [name, script] of Object.entries(scripts)) {
  test(`converges with ${name}`, { timeout: 60_000 }, async (context) => {
    const seed = Number(process.env.FAULT_SEED ?? 42);
    const random = seeded(seed);
    const namespace = await cluster.createNamespace();
    await using proxy = await startTestingProxy(cluster.connection, random);
    const decide = script(random);
    let count = 0;
    proxy.script = (request) => decide(request, count++);
    const startedAt = performance.now();
    await using mirror = await startMirror(namespace, proxy);
    await makeChanges(namespace, name === 'everything at once' ? 25 : 6);
    await eventually(() => isConverged(namespace), { deadlineMs: 40_000, message: `seed ${seed}` });
    const seconds = (performance.now() - startedAt) / 1_000;
    const needed = proxy.requests.length;
    // The faults go on while there is nothing to do: what is asked now is asked in a loop.
    await delay(idleMs);
    const idle = proxy.requests.length - needed;
    context.diagnostic(
      `${seconds.toFixed(1)} s, ${needed} requests, ${mirror.reconciles} reconciles; then ${idle} requests in ${idleMs} ms`,
    );
    // Some 50 writes with three repeats each, and two reflectors that list and watch ten times a second at the most.
    assert.ok(needed < 200 + 40 * seconds, `${needed} requests in ${seconds} s`);
    assert.ok(idle < 40 * (idleMs / 1_000), `${idle} requests in ${idleMs} ms`);
    await isConverged(namespace);
  });
}

for (const fault of [
  { kind: 'hang' },
  { kind: 'reset-before' },
  { kind: 'status', status: 500 },
  { kind: 'status', status: 429, retryAfterSeconds: 1 },
] satisfies Fault[]) {
  const name = 'status' in fault ? `${fault.status}` : fault.kind;
  test(`asks less and less often while every call fails with ${name}, and is current soon after`, { timeout: 60_000 }, async (context) => {
    const namespace = await cluster.createNamespace();
    await using proxy = await startTestingProxy(cluster.connection);
    await using mirror = await startMirror(namespace, proxy);
    await makeChanges(namespace, 1);
    await eventually(() => isConverged(namespace));
    proxy.script = () => fault;
    proxy.breakConnections();
    const outageFrom = proxy.requests.length;
    await makeChanges(namespace, 2);
    const outageMs = 5_000;
    await delay(outageMs);
    const during = proxy.requests.length - outageFrom;
    proxy.script = () => undefined;
    const endedAt = performance.now();
    await eventually(() => isConverged(namespace), { deadlineMs: 20_000 });
    context.diagnostic(`${during} requests in ${outageMs} ms of outage, converged ${Math.round(performance.now() - endedAt)} ms after it`);
    assert.ok(during < 60, `${during} requests`);
    assert.ok(mirror.reconciles > 0);
  });
}

test('in the steady state nothing is reconciled and nothing is asked but the watches', { timeout: 30_000 }, async (context) => {
  const namespace = await cluster.createNamespace();
  await using proxy = await startTestingProxy(cluster.connection);
  await using mirror = await startMirror(namespace, proxy);
  await makeChanges(namespace, 1);
  await eventually(() => isConverged(namespace));
  await eventually(() => mirror.copies.store.size === 4 && mirror.sources.store.size === 4);
  // What was written comes back as events, late on a busy machine.
  await eventually(async () => {
    const before = mirror.reconciles;
    await delay(1_000);
    return mirror.reconciles === before;
  });
  const [from, reconciles] = [proxy.requests.length, mirror.reconciles];
  await eventually(() => proxy.requests.slice(from).filter(({ isWatch }) => isWatch).length >= 6);
  const since = proxy.requests.slice(from);
  context.diagnostic(`${since.length} requests, ${since.filter(({ isWatch }) => !isWatch).length} of them not watches`);
  assert.deepEqual(
    since.filter(({ isWatch }) => !isWatch),
    [],
  );
  assert.ok(mirror.reconciles - reconciles <= 1);
});
