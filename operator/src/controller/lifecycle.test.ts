import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ChatClusterSpec } from '../api/index.ts';
import type { PodLoad } from '../autoscale/types.ts';
import { deletionCostAnnotation } from '../autoscale/victims.ts';
import { defineResource, type UnknownObject } from '../runtime/object.ts';
import { chatClusters, deployments, jobs, pods, secrets } from './kinds.ts';
import {
  conditionOf,
  createCluster,
  eventually,
  finishJobs,
  type Lab,
  listChildren,
  patchSpec,
  readCluster,
  smallest,
  startLab,
  untilReason,
} from './testing.ts';

const events = defineResource<UnknownObject & { reason: string; note: string }>({
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
});
/** Pod IP → what it says; a pod that is not here does not answer. */
const loads = new Map<string, PodLoad>();
let lab: Lab;
before(async () => {
  // Real controllers: ReplicaSets choose their victims, the garbage collector collects.
  lab = await startLab({ controllerManager: true });
  lab.startOperator({ readLoad: async (ip) => loads.get(ip), env: { SCALE_INTERVAL_SECONDS: '1' } });
});
after(() => lab[Symbol.asyncDispose]());

const now = () => new Date().toISOString().replace(/\.\d+Z$/, 'Z');
let lastIp = 1;

/** What kubelets would do: pods of ours become Ready, those that are going away go. */
async function playKubelets(namespace: string): Promise<void> {
  for (const pod of (await lab.client.list(pods, { namespace })).items as (UnknownObject & { status?: { podIP?: string } })[]) {
    if (pod.metadata.deletionTimestamp) await lab.client.delete(pods, pod.metadata, { gracePeriodSeconds: 0 });
    else if (pod.status?.podIP === undefined) await makeReady(pod);
  }
}

async function makeReady({ metadata }: UnknownObject): Promise<void> {
  lastIp += 1;
  const podIP = `127.7.${lastIp >> 8}.${lastIp & 255}`;
  const isMigration = metadata.labels?.['app.kubernetes.io/component'] === 'migrate';
  const conditions = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) => ({
    type,
    status: 'True',
    lastTransitionTime: now(),
  }));
  const status = isMigration ? { phase: 'Succeeded', podIP } : { phase: 'Running', podIP, podIPs: [{ ip: podIP }], conditions };
  await lab.client.patch(pods, metadata, { status }, { subresource: 'status' });
  loads.set(podIP, load(0));
}

const load = (connections: number): PodLoad => ({ connections, acceptPerSecond: 0, eventLoopUtilization: 0.05, heapUsedRatio: 0.1 });

async function untilReady(namespace: string, isDone: (cluster: Awaited<ReturnType<typeof readCluster>>) => boolean = () => true) {
  let last: Awaited<ReturnType<typeof readCluster>> | undefined;
  return eventually(
    async () => {
      await playKubelets(namespace);
      if ((await lab.client.list(jobs, { namespace })).items.length > 0) await finishJobs(lab.client, namespace).catch(() => undefined);
      last = await readCluster(lab.client, namespace);
      const ready = conditionOf(last, 'Ready');
      return ready?.status === 'True' && ready.observedGeneration === last.metadata.generation && isDone(last) && last;
    },
    { deadlineMs: 60_000, describe: () => JSON.stringify(last?.status?.conditions) },
  );
}

async function listRealtime(namespace: string) {
  const labelSelector = 'app.kubernetes.io/component=realtime';
  const { items } = await lab.client.list(pods, { namespace, labelSelector });
  return (items as (UnknownObject & { status: { podIP: string } })[]).filter(({ metadata }) => !metadata.deletionTimestamp);
}

async function remove(namespace: string): Promise<void> {
  await lab.client.delete(chatClusters, { namespace, name: 'chat' });
  await eventually(
    async () => {
      await playKubelets(namespace);
      return (await lab.client.find(chatClusters, { namespace, name: 'chat' })) === undefined;
    },
    { deadlineMs: 60_000 },
  );
}

const eager: ChatClusterSpec = {
  ...smallest,
  autoscaling: {
    minReplicas: 1,
    maxReplicas: 6,
    targets: { connectionsPerPod: 1_000 },
    behavior: { scaleDown: { stabilizationWindowSeconds: 1, policies: [{ type: 'Pods', value: 6, periodSeconds: 1 }] } },
  },
};

describe('the engine Operator', () => {
  it('follows the connections up, and takes the emptiest pods away when they fall', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace, eager);
    await untilReady(namespace);
    await eventually(
      async () => {
        await playKubelets(namespace);
        const found = await listRealtime(namespace);
        // On one that is there: a pod may come or go while we look, and starts with none.
        const isBusy = found.some(({ status }) => (loads.get(status.podIP)?.connections ?? 0) > 0);
        if (!isBusy && found[0]?.status.podIP) loads.set(found[0].status.podIP, load(4_000));
        return found.length === 4 && found.every(({ status }) => status.podIP);
      },
      { deadlineMs: 90_000, describe: () => JSON.stringify([...loads]) },
    );
    await untilReady(namespace);
    const before = await listRealtime(namespace);
    before.forEach(({ status }, index) => loads.set(status.podIP, load([30, 700, 10, 900][index] ?? 0)));
    const keepers = [before[1]!.metadata.name, before[3]!.metadata.name].sort();
    await eventually(
      async () => {
        await playKubelets(namespace);
        return (await listRealtime(namespace)).length === 2;
      },
      { deadlineMs: 90_000, describe: () => JSON.stringify([...loads]) },
    );
    assert.deepEqual((await listRealtime(namespace)).map(({ metadata }) => metadata.name).sort(), keepers);
    const cluster = await untilReady(namespace, ({ status }) => status?.autoscaler?.desired === 2);
    assert.equal(conditionOf(cluster, 'AutoscalingActive')?.reason, 'Following');
    const { items } = await lab.client.list(events, { namespace });
    assert.ok(items.some(({ reason }) => reason === 'Scaled'));
    assert.ok(!items.some(({ reason }) => reason === 'UnexpectedVictims'));
  });

  it('takes nothing away while a pod does not answer', async () => {
    const namespace = await lab.createNamespace();
    const patient = {
      ...eager.autoscaling,
      behavior: { scaleDown: { stabilizationWindowSeconds: 5, policies: [{ type: 'Pods' as const, value: 6, periodSeconds: 1 }] } },
    };
    await createCluster(lab.client, namespace, { ...eager, replicas: 3, autoscaling: patient });
    await untilReady(namespace);
    const found = await listRealtime(namespace);
    assert.equal(found.length, 3);
    found.forEach(({ status }, index) => (index === 0 ? loads.delete(status.podIP) : loads.set(status.podIP, load(0))));
    await untilReason(lab.client, namespace, ['AutoscalingActive', 'MissingData']);
    // Longer than the window.
    const until = Date.now() + 8_000;
    await eventually(() => Date.now() > until);
    const scale = await lab.client.readScale(deployments, { namespace, name: 'chat-realtime' });
    assert.equal(scale.spec?.replicas, 3);
    for (const { status } of found) loads.set(status.podIP, load(0));
    await eventually(async () => (await lab.client.readScale(deployments, { namespace, name: 'chat-realtime' })).spec?.replicas === 1);
  });
});

describe('kubectl scale', () => {
  it('lets the emptiest pod go too', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace, { ...smallest, replicas: 3, autoscaling: { engine: 'Disabled' } });
    await untilReady(namespace);
    const before = await listRealtime(namespace);
    before.forEach(({ status }, index) => loads.set(status.podIP, load(index === 1 ? 5 : 500)));
    // What was read while they started is older than this.
    await eventually(async () => (await readCluster(lab.client, namespace)).status?.connections === 1_000, { deadlineMs: 75_000 });
    await patchSpec(lab.client, namespace, { replicas: 2 });
    await eventually(async () => {
      await playKubelets(namespace);
      return (await listRealtime(namespace)).length === 2;
    });
    const left = (await listRealtime(namespace)).map(({ metadata }) => metadata.name);
    assert.ok(!left.includes(before[1]!.metadata.name), deletionCostAnnotation);
  });
});

describe('deletion', () => {
  it('with Retain keeps the volume and its password, and a new ChatCluster of the name finds them', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace);
    await untilReady(namespace);
    const password = await lab.client.get(secrets, { namespace, name: 'chat-database' });
    await remove(namespace);
    await eventually(
      async () => {
        await playKubelets(namespace);
        const left = [...(await listChildren(lab.client, namespace)).keys()].sort();
        return left.join() === 'PersistentVolumeClaim/chat-postgres,Secret/chat-database,Secret/chat-redis';
      },
      { deadlineMs: 30_000 },
    );
    await createCluster(lab.client, namespace);
    await untilReady(namespace);
    assert.equal((await lab.client.get(secrets, { namespace, name: 'chat-database' })).metadata.uid, password.metadata.uid);
  });

  it('with Delete leaves nothing', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace, { ...smallest, database: { evaluation: {}, deletionPolicy: 'Delete' } });
    await untilReady(namespace);
    await remove(namespace);
    let left: string[] = [];
    await eventually(
      async () => {
        await playKubelets(namespace);
        left = [...(await listChildren(lab.client, namespace)).keys()];
        return left.length === 0;
      },
      { deadlineMs: 30_000, describe: () => left.join(', ') },
    );
  });

  it('drains the pods of the server before the database goes', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace);
    await untilReady(namespace);
    // A pod that takes its time, as one with connections does.
    const slow = (await listRealtime(namespace))[0]!.metadata;
    await lab.client.patch(pods, slow, { metadata: { finalizers: ['example.com/slow'] } });
    await lab.client.delete(chatClusters, { namespace, name: 'chat' });
    await eventually(async () => !(await listChildren(lab.client, namespace)).has('Deployment/chat-realtime'));
    await eventually(async () => (await lab.client.get(pods, slow)).metadata.deletionTimestamp);
    assert.ok((await listChildren(lab.client, namespace)).has('StatefulSet/chat-postgres'));
    assert.equal(conditionOf(await readCluster(lab.client, namespace), 'Reconciling')?.reason, 'Deleting');
    await lab.client.patch(pods, slow, { metadata: { finalizers: null } });
    await eventually(
      async () => {
        await playKubelets(namespace);
        return (await lab.client.find(chatClusters, { namespace, name: 'chat' })) === undefined;
      },
      { deadlineMs: 60_000 },
    );
  });
});

describe('two operators', () => {
  it('never act at once: the second waits for the lease', async () => {
    const second = await startLab();
    await using _second = second;
    const run = (name: string) => second.startOperator({ env: { LEADER_ELECTION: 'on', POD_NAME: name, POD_NAMESPACE: 'default' } });
    const first = run('first');
    const namespace = await second.createNamespace();
    await createCluster(second.client, namespace);
    await eventually(async () => (await readCluster(second.client, namespace)).status !== undefined);
    run('second');
    const startedAt = Date.now();
    await first.stop();
    await patchSpec(second.client, namespace, { paused: true });
    await eventually(async () => conditionOf(await readCluster(second.client, namespace), 'Reconciling')?.reason === 'Paused');
    assert.ok(Date.now() - startedAt < 12_000, `a clean handover took ${Date.now() - startedAt} ms: it waited for the lease to expire`);
  });
});
