import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { ChatClusterSpec } from '../api/index.ts';
import { appliedAnnotation } from '../apply/apply-object.ts';
import type { UnknownObject } from '../runtime/object.ts';
import type { Fault, TestingProxy } from '../runtime/testing-proxy.ts';
import { jobs } from './kinds.ts';
import { type FaultyLab, killAt, startFaultyLab } from './testing-crash.ts';
import {
  conditionOf,
  createCluster,
  eventually,
  finishJobs,
  type Lab,
  listChildren,
  type Operator,
  patchSpec,
  readCluster,
  rollOut,
  smallest,
} from './testing.ts';

let faulty: FaultyLab;
let lab: Lab;
let proxy: TestingProxy;
before(async () => {
  faulty = await startFaultyLab();
  ({ lab, proxy } = faulty);
});
after(() => faulty[Symbol.asyncDispose]());

const edited: ChatClusterSpec = { ...smallest, version: '0.2.0', redis: { managed: { shards: 2 } }, roles: { api: { replicas: 3 } } };

/** What remains when names of moments and makers are taken away. */
function essence(children: Map<string, UnknownObject>): unknown {
  const entries = [...children].map(([id, { metadata, spec, data, kind }]) => {
    const { [appliedAnnotation]: _applied, ...annotations } = metadata.annotations ?? {};
    const content = kind === 'Secret' ? Object.keys((data ?? {}) as object) : [spec, kind === 'ConfigMap' ? data : undefined];
    return [id, metadata.labels, annotations, content];
  });
  const varying =
    /"(uid|namespace|clusterIPs?|creationTimestamp|resourceVersion|chatcluster\.dev\/(secret-version|secrets-checksum))":("[^"]*"|\["[^"]*"\])/g;
  return JSON.parse(JSON.stringify(entries.sort(([a], [b]) => (String(a) < String(b) ? -1 : 1))).replaceAll(varying, '"$1":""'));
}

async function play(namespace: string, fate: ReturnType<typeof killAt>): Promise<unknown> {
  const start = () => lab.startOperator({ source: { connection: proxy.connection }, env: { WATCH_NAMESPACES: namespace } });
  let operator: Operator = start();
  const keepAlive = async () => {
    if (!fate.isDead()) return;
    await operator.stop();
    fate.revive();
    operator = start();
  };
  await createCluster(lab.client, namespace);
  await reach(namespace, '0.1.0', keepAlive);
  await patchSpec(lab.client, namespace, edited);
  await reach(namespace, '0.2.0', keepAlive);
  await eventually(async () => {
    await keepAlive();
    return (await lab.client.list(jobs, { namespace })).items.length === 0;
  });
  await operator.stop();
  return essence(await listChildren(lab.client, namespace));
}

async function reach(namespace: string, version: string, keepAlive: () => Promise<void>): Promise<void> {
  await eventually(
    async () => {
      await keepAlive();
      await finishJobs(lab.client, namespace);
      await rollOut(lab.client, namespace);
      const cluster = await readCluster(lab.client, namespace);
      const ready = conditionOf(cluster, 'Ready');
      return cluster.status?.version === version && ready?.status === 'True' && ready.observedGeneration === cluster.metadata.generation;
    },
    { deadlineMs: 60_000, describe: () => version },
  );
}

describe('an operator that is killed', () => {
  it('at any write, any number of times, ends in the same state', async () => {
    const undisturbed = await play(await lab.createNamespace(), killAt(proxy, []));
    const step = fc.record({ write: fc.integer({ min: 1, max: 45 }), isAfter: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 6 }), async (steps) => {
        assert.deepEqual(await play(await lab.createNamespace(), killAt(proxy, steps)), undisturbed);
      }),
      { numRuns: Number(process.env.CRASH_RUNS ?? 8), endOnFailure: true },
    );
  });
});

const watchFaults: Fault[] = [
  { watch: true, kind: 'cut', how: 'end', afterEvents: 3 },
  { watch: true, kind: 'cut', how: 'reset', afterEvents: 2 },
  { watch: true, kind: 'gone', afterEvents: 4 },
  { watch: true, kind: 'shuffle', holdMs: 30 },
  { watch: true, kind: 'duplicate', times: 3 },
];
const requestFaults: Fault[] = [
  { kind: 'status', status: 500 },
  { kind: 'status', status: 429, reason: 'TooManyRequests', retryAfterSeconds: 1 },
  { kind: 'reset-before' },
  { kind: 'reset-after' },
  { kind: 'slow-body', chunkBytes: 400, everyMs: 5 },
];

describe('an operator whose API server fails it', () => {
  it('ends when it is asked to, while it waits for its first list of Secrets', { timeout: 60_000 }, async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace);
    const isSecrets = ({ path }: { path: string }) => path.endsWith(`/${namespace}/secrets`);
    const before = proxy.requests.length;
    proxy.script = (request) => (isSecrets(request) ? { kind: 'reset-before' } : undefined);
    const operator = lab.startOperator({ source: { connection: proxy.connection }, env: { WATCH_NAMESPACES: namespace } });
    try {
      await eventually(() => proxy.requests.slice(before).some(isSecrets));
      const startedAt = performance.now();
      await operator.stop();
      assert.ok(performance.now() - startedAt < 10_000, 'a pod is killed 30 s after it was asked');
    } finally {
      proxy.script = () => undefined;
    }
  });

  it('ends in the same state, whatever a third of its watches and a sixth of its other calls meet', async () => {
    const undisturbed = await play(await lab.createNamespace(), killAt(proxy, []));
    let count = 0;
    const alive = { isDead: () => false, revive: () => undefined };
    proxy.script = ({ isWatch }) => {
      count += 1;
      const faults = isWatch ? watchFaults : requestFaults;
      return count % (isWatch ? 3 : 6) === 0 ? faults[count % faults.length] : undefined;
    };
    const before = proxy.requests.length;
    const startedAt = performance.now();
    try {
      assert.deepEqual(await play(await lab.createNamespace(), alive), undisturbed);
    } finally {
      proxy.script = () => undefined;
    }
    const seconds = (performance.now() - startedAt) / 1_000;
    const asked = proxy.requests.length - before;
    // Some 150 calls bring it up and change it; of each of twenty watches there may be one a second.
    assert.ok(asked < 1_000 + 30 * seconds, `${asked} requests in ${seconds} s`);
  });
});
