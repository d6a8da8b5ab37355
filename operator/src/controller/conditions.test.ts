import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { PodLoad } from '../autoscale/types.ts';
import { deletionCostAnnotation } from '../autoscale/victims.ts';
import { defineResource, type UnknownObject } from '../runtime/object.ts';
import { pods, secrets } from './kinds.ts';
import {
  bringUp,
  conditionOf,
  createCluster,
  createPod,
  eventually,
  finishJobs,
  installCrd,
  type Lab,
  listChildren,
  looseCrd,
  patchSpec,
  readCluster,
  settle,
  smallest,
  startLab,
  untilReason,
} from './testing.ts';

const events = defineResource<UnknownObject & { reason: string; note: string; type: string; regarding: { name: string; kind: string } }>({
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
});
/** Pod IP → what it says. */
const loads = new Map<string, PodLoad>();
const load = (connections: number): PodLoad => ({ connections, acceptPerSecond: 0, eventLoopUtilization: 0.05, heapUsedRatio: 0.1 });
let lab: Lab;
let admin = '';
before(async () => {
  lab = await startLab();
  const keda = looseCrd('keda.sh', 'v1alpha1', { kind: 'ScaledObject', plural: 'scaledobjects' });
  await installCrd(lab.client, keda);
  lab.startOperator({
    readLoad: async (ip) => loads.get(ip),
    onListening: (port) => (admin = `http://127.0.0.1:${port}`),
    env: { SCALE_INTERVAL_SECONDS: '1' },
  });
});
after(() => lab[Symbol.asyncDispose]());

async function made(spec = smallest): Promise<string> {
  const namespace = await lab.createNamespace();
  await createCluster(lab.client, namespace, spec);
  return namespace;
}

/** A pod that the kubelet cannot start. */
async function createStuckPod(namespace: string, component: string, waiting: { reason: string; message: string }): Promise<void> {
  const name = `stuck-${component}`;
  await createPod(lab.client, namespace, { name, component, isReady: false });
  const status = { name: 'server', ready: false, restartCount: 0, image: 'none', imageID: '', state: { waiting } };
  await lab.client.patch(pods, { namespace, name }, { status: { containerStatuses: [status] } }, { subresource: 'status' });
}

const until = async (namespace: string, type: string, reason: string) =>
  conditionOf(await untilReason(lab.client, namespace, [type, reason]), type)?.message ?? '';

async function listEvents(namespace: string) {
  return (await lab.client.list(events, { namespace })).items.filter(({ regarding }) => regarding.kind === 'ChatCluster');
}

describe('what only the running world can tell', () => {
  it('an image that cannot be pulled: which one, and what to do', async () => {
    const namespace = await made();
    await eventually(async () => (await listChildren(lab.client, namespace)).has('StatefulSet/chat-postgres'));
    const pulling = { reason: 'ImagePullBackOff', message: 'Back-off pulling image "nowhere/postgres:1"' };
    await createStuckPod(namespace, 'postgres', pulling);
    const database = await until(namespace, 'DatabaseReady', 'ImagePullBackOff');
    assert.match(database, /nowhere\/postgres:1.*defaults\.postgresImage/);
    await finishJobs(lab.client, namespace);
    await createStuckPod(namespace, 'realtime', { ...pulling, message: 'Back-off pulling image "nowhere/server:1"' });
    assert.match(await until(namespace, 'Available', 'ImagePullBackOff'), /nowhere\/server:1.*See that spec\.version and spec\.image/);
  });

  it('a migration whose pod cannot start', async () => {
    const namespace = await made();
    await createStuckPod(namespace, 'migrate', { reason: 'CrashLoopBackOff', message: 'back-off 10s' });
    await eventually(async () => {
      const { message = '' } = conditionOf(await readCluster(lab.client, namespace), 'MigrationsApplied') ?? {};
      return message.includes(`See "kubectl logs -n ${namespace} stuck-migrate --previous"`);
    });
  });

  it('an operator of another project that is not there', async () => {
    const namespace = await made({ database: { cloudNativePG: {} }, redis: { managed: {} } });
    const message = await until(namespace, 'DatabaseReady', 'CloudNativePGMissing');
    assert.match(message, /Install it; it is found within a minute/);
    assert.equal(conditionOf(await readCluster(lab.client, namespace), 'Stalled')?.status, 'True');
    await installCrd(lab.client, looseCrd('postgresql.cnpg.io', 'v1', { kind: 'Cluster', plural: 'clusters' }));
    // The APIs are looked at once a minute.
    await eventually(async () => (await listChildren(lab.client, namespace)).has('Cluster/chat-postgres'), {
      deadlineMs: 150_000,
      intervalMs: 200,
    });
    await untilReason(lab.client, namespace, ['Stalled', 'AsExpected']);
  });
});

describe('events', () => {
  it('tell on the ChatCluster what went wrong, and that it is well again', async () => {
    const namespace = await made({ ...smallest, database: { external: { urlSecretRef: { name: 'mine', key: 'url' } } } });
    const warning = await eventually(async () => (await listEvents(namespace)).find(({ reason }) => reason === 'SecretMissing'));
    assert.equal(warning.type, 'Warning');
    assert.match(warning.note, /Secret mine does not exist in namespace .*Create it with the key "url"/);
    await lab.client.create(secrets, { metadata: { namespace, name: 'mine' }, stringData: { url: 'postgres://u:p@h/d' } } as UnknownObject);
    await bringUp(lab.client, namespace);
    await eventually(async () => (await listEvents(namespace)).some(({ type, reason }) => type === 'Normal' && reason === 'Ready'));
    for (const { note } of await listEvents(namespace)) assert.doesNotMatch(note, /u:p@h/);
  });
});

describe('the engine KEDA', () => {
  it('is given a ScaledObject, and finds at the operator how many pods are wanted', async () => {
    const namespace = await made({
      ...smallest,
      autoscaling: { engine: 'KEDA', minReplicas: 1, maxReplicas: 9, targets: { connectionsPerPod: 100 } },
    });
    await bringUp(lab.client, namespace);
    loads.set('127.8.0.1', load(350));
    await createPod(lab.client, namespace, { name: 'one', ip: '127.8.0.1' });
    const scaled = (await listChildren(lab.client, namespace)).get('ScaledObject/chat-realtime') as UnknownObject & {
      spec: { scaleTargetRef: object; triggers: { type: string; metadata: { url: string; valueLocation: string; targetValue: string } }[] };
    };
    assert.deepEqual(scaled.spec.scaleTargetRef, { apiVersion: 'chatcluster.dev/v1beta1', kind: 'ChatCluster', name: 'chat' });
    const { type, metadata } = scaled.spec.triggers[0]!;
    assert.deepEqual([type, metadata.valueLocation, metadata.targetValue], ['metrics-api', 'desired', '1']);
    // As KEDA asks, only at the address of this operator.
    const url = `${admin}${new URL(metadata.url).pathname}`;
    await eventually(async () => {
      const answer = await fetch(url);
      return answer.ok && ((await answer.json()) as { desired: number }).desired === 4;
    });
    assert.equal((await fetch(`${admin}/scaling/${namespace}/nobody`)).status, 404);
  });
});

describe('the engine HPA', () => {
  it('finds the emptiest pod the cheapest to take away', async () => {
    const namespace = await made({ ...smallest, autoscaling: { engine: 'HPA' }, replicas: 2 });
    await bringUp(lab.client, namespace);
    loads.set('127.8.1.1', load(900)).set('127.8.1.2', load(20));
    for (const [index, name] of ['full', 'empty'].entries()) await createPod(lab.client, namespace, { name, ip: `127.8.1.${index + 1}` });
    const costOf = async (name: string) =>
      Number((await lab.client.get(pods, { namespace, name })).metadata.annotations?.[deletionCostAnnotation] ?? Number.NaN);
    await eventually(async () => (await costOf('full')) > (await costOf('empty')));
  });
});

describe('the metrics of the operator', () => {
  it('say of every ChatCluster whether it is well', async () => {
    const namespace = await made();
    await bringUp(lab.client, namespace);
    await patchSpec(lab.client, namespace, { roles: { api: { replicas: 3 } } });
    await settle(lab.client, namespace);
    const of = `{namespace="${namespace}",name="chat"}`;
    const text = await eventually(async () => {
      const answer = await (await fetch(`${admin}/metrics`)).text();
      return answer.includes(`chatcluster_ready${of} 1`) && answer;
    });
    assert.ok(text.includes(`chatcluster_degraded${of} 0`));
    assert.ok(!text.includes(`chatcluster_backup_healthy${of}`), 'no backups are asked for');
    assert.ok(text.includes(`chatcluster_realtime_pods_ready${of} 2`));
    for (const name of ['controller_runtime_reconcile_total', 'workqueue_depth', 'rest_client_requests_total'])
      assert.match(text, new RegExp(`^${name}`, 'm'));
  });
});
