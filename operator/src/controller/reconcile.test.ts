import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { conditionTypes } from '../api/index.ts';
import { isNotFound } from '../runtime/errors.ts';
import { openConnection } from '../runtime/kube-config.ts';
import type { UnknownObject } from '../runtime/object.ts';
import { startTestingProxy, type TestingProxy } from '../runtime/testing-proxy.ts';
import { deployments, jobs, ownedKinds, secrets } from './kinds.ts';
import {
  bringUp,
  conditionOf,
  createCluster,
  eventually,
  finishJobs,
  type Lab,
  listChildren,
  patchSpec,
  readCluster,
  rollOut,
  settle,
  smallest,
  startLab,
  untilReason,
} from './testing.ts';

let lab: Lab;
let proxy: TestingProxy;
before(async () => {
  lab = await startLab();
  const connection = await openConnection({ kubeconfig: lab.plane.kubeconfig });
  proxy = await startTestingProxy(connection);
  lab.startOperator({ source: { connection: proxy.connection } });
});
after(async () => {
  await lab[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

/** A ChatCluster that is Ready, in a namespace of its own. */
async function ready(spec = smallest): Promise<string> {
  const namespace = await lab.createNamespace();
  await createCluster(lab.client, namespace, spec);
  await bringUp(lab.client, namespace);
  return namespace;
}

const deployment = async (namespace: string, name: string) =>
  (await lab.client.get(deployments, { namespace, name })) as UnknownObject & {
    spec: { replicas: number; template: { spec: { containers: { image: string; env: { name: string; value?: string }[] }[] } } };
  };
const imageOf = async (namespace: string, name: string) => (await deployment(namespace, name)).spec.template.spec.containers[0]?.image;

describe('the smallest ChatCluster', () => {
  it('has every condition after the first pass', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace);
    const { status } = await eventually(async () => {
      const found = await readCluster(lab.client, namespace);
      return found.status && found;
    });
    assert.deepEqual(status?.conditions?.map(({ type }) => type).sort(), [...conditionTypes].sort());
    assert.ok(status?.conditions?.every(({ observedGeneration, reason, message }) => observedGeneration === 1 && reason && message));
  });

  it('becomes Ready when its pods do, with all its children', async () => {
    const namespace = await ready();
    const children = [...(await listChildren(lab.client, namespace)).keys()];
    for (const id of [
      'Deployment/chat-realtime',
      'Deployment/chat-api',
      'Deployment/chat-worker',
      'StatefulSet/chat-postgres',
      'StatefulSet/chat-redis-0',
      'PersistentVolumeClaim/chat-postgres',
      'Secret/chat-database',
      'Secret/chat-redis',
      'Service/chat',
      'PodDisruptionBudget/chat-realtime',
      'NetworkPolicy/chat-realtime',
    ]) {
      assert.ok(children.includes(id), `${id} is missing among ${children.join(', ')}`);
    }
    const { status } = await readCluster(lab.client, namespace);
    assert.equal(status?.version, '0.1.0');
    assert.match(status?.selector ?? '', /component=realtime/);
    const scale = await lab.client.readScale(deployments, { namespace, name: 'chat-realtime' });
    assert.equal(scale.spec?.replicas, 2);
  });

  it('makes no Deployment of the server before the database is migrated', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace);
    await eventually(async () => (await lab.client.list(jobs, { namespace })).items.length === 1);
    await untilReason(lab.client, namespace, ['Available', 'WaitingForMigration']);
    assert.equal((await lab.client.list(deployments, { namespace })).items.length, 0);
  });

  it('costs no API call once nothing happens', async () => {
    const namespace = await ready();
    const quietMs = 3_000;
    await eventually(
      async () => {
        const before = proxy.requests.length;
        await new Promise((resolve) => setTimeout(resolve, quietMs));
        return proxy.requests.slice(before).every(({ path }) => !path.includes(`/${namespace}/`));
      },
      { deadlineMs: 20_000, describe: () => JSON.stringify(proxy.requests.slice(-5)) },
    );
  });
});

describe('edits of the spec', () => {
  it('reach the children', async () => {
    const namespace = await ready();
    await patchSpec(lab.client, namespace, {
      roles: { api: { replicas: 4 } },
      limits: { messageMaxChars: 1234 },
      access: { host: 'chat.example.com', ingress: { className: 'test' } },
    });
    const cluster = await settle(lab.client, namespace);
    assert.equal((await deployment(namespace, 'chat-api')).spec.replicas, 4);
    const children = await listChildren(lab.client, namespace);
    assert.ok(children.has('Ingress/chat'));
    assert.equal((children.get('ConfigMap/chat-config')?.data as Record<string, string> | undefined)?.MESSAGE_MAX_CHARS, '1234');
    assert.equal(cluster.status?.url, 'http://chat.example.com');
  });

  it('take away what is no longer wanted', async () => {
    const version = 'chatcluster.dev/secret-version';
    const namespace = await ready({ ...smallest, redis: { managed: { shards: 2 } }, autoscaling: { engine: 'HPA' } });
    const before = await listChildren(lab.client, namespace);
    assert.ok(before.has('HorizontalPodAutoscaler/chat-realtime') && before.has('StatefulSet/chat-redis-1'));
    await patchSpec(lab.client, namespace, {
      redis: { managed: { shards: 1 } },
      autoscaling: { engine: 'Disabled' },
      networkPolicy: { enabled: false },
    });
    await eventually(async () => {
      const children = await listChildren(lab.client, namespace);
      return (
        !children.has('HorizontalPodAutoscaler/chat-realtime') &&
        !children.has('StatefulSet/chat-redis-1') &&
        !children.has('NetworkPolicy/chat-realtime')
      );
    });
    const secret = (await lab.client.get(secrets, { namespace, name: 'chat-redis' })) as UnknownObject & { data: Record<string, string> };
    assert.equal(
      Buffer.from(secret.data.urls ?? '', 'base64')
        .toString()
        .split(',').length,
      1,
    );
    const redis = (await listChildren(lab.client, namespace)).get('StatefulSet/chat-redis-0');
    assert.notEqual(redis?.metadata.annotations?.[version], before.get('StatefulSet/chat-redis-0')?.metadata.annotations?.[version]);
  });

  it('do nothing while it is paused', async () => {
    const namespace = await ready();
    await patchSpec(lab.client, namespace, { paused: true });
    await untilReason(lab.client, namespace, ['Reconciling', 'Paused']);
    await patchSpec(lab.client, namespace, { roles: { api: { replicas: 5 } } });
    await lab.client.delete(deployments, { namespace, name: 'chat-worker' });
    await untilReason(lab.client, namespace, ['Reconciling', 'Paused']);
    assert.equal((await deployment(namespace, 'chat-api')).spec.replicas, 2);
    assert.equal(await lab.client.find(deployments, { namespace, name: 'chat-worker' }), undefined);
    await patchSpec(lab.client, namespace, { paused: false });
    await eventually(async () => (await deployment(namespace, 'chat-api')).spec.replicas === 5);
  });

  it('follow the number that is written to /scale', async () => {
    const namespace = await ready({ ...smallest, autoscaling: { engine: 'External' } });
    await lab.client.patch(clusterResource, { namespace, name: 'chat' }, { spec: { replicas: 6 } }, { subresource: 'scale' });
    await eventually(async () => (await lab.client.readScale(deployments, { namespace, name: 'chat-realtime' })).spec?.replicas === 6);
  });
});

const clusterResource = { apiVersion: 'chatcluster.dev/v1beta1', kind: 'ChatCluster', plural: 'chatclusters', namespaced: true };

describe('a foreign object with a name that we need', () => {
  it('is not touched, said so, and does not keep the others back', async () => {
    const namespace = await lab.createNamespace();
    const services = ownedKinds.find(({ resource }) => resource.kind === 'Service')!.resource;
    const theirs = { metadata: { name: 'chat', namespace, labels: { mine: 'yes' } }, spec: { ports: [{ port: 1 }] } };
    const before = await lab.client.create(services, theirs);
    await createCluster(lab.client, namespace);
    const cluster = await untilReason(lab.client, namespace, ['Stalled', 'ForeignObject']);
    assert.match(conditionOf(cluster, 'Stalled')?.message ?? '', /Service chat exists/);
    const now = await lab.client.get(services, { namespace, name: 'chat' });
    assert.equal(now.metadata.resourceVersion, before.metadata.resourceVersion);
    await eventually(async () => (await lab.client.list(jobs, { namespace })).items.length === 1);
  });
});

describe('a new release', () => {
  it('is rolled out after its migration, and the old one runs until then', async () => {
    const namespace = await ready();
    await patchSpec(lab.client, namespace, { version: '0.2.0' });
    const job = await eventually(async () => (await lab.client.list(jobs, { namespace })).items[0]);
    assert.match(JSON.stringify(job), /chatcluster\/server:0\.2\.0/);
    assert.equal(await imageOf(namespace, 'chat-realtime'), 'chatcluster/server:0.1.0');
    await finishJobs(lab.client, namespace);
    await eventually(async () => (await imageOf(namespace, 'chat-realtime')) === 'chatcluster/server:0.2.0');
    const cluster = await settle(lab.client, namespace);
    assert.equal(cluster.status?.version, '0.2.0');
    await eventually(async () => (await lab.client.list(jobs, { namespace })).items.length === 0);
  });

  it('is not rolled out when its migration fails, which is tried again', async () => {
    const namespace = await ready();
    await patchSpec(lab.client, namespace, { version: '0.2.0' });
    await eventually(async () => (await lab.client.list(jobs, { namespace })).items.length === 1);
    await finishJobs(lab.client, namespace, 'Failed');
    const cluster = await untilReason(lab.client, namespace, ['MigrationsApplied', 'MigrationFailed']);
    assert.match(conditionOf(cluster, 'MigrationsApplied')?.message ?? '', /0\.1\.0 goes on/);
    assert.equal(conditionOf(cluster, 'Degraded')?.status, 'True');
    assert.equal(await imageOf(namespace, 'chat-realtime'), 'chatcluster/server:0.1.0');
  });

  it('is rolled back when it does not become ready', async () => {
    const namespace = await ready();
    await patchSpec(lab.client, namespace, { version: '0.2.0' });
    await eventually(async () => (await lab.client.list(jobs, { namespace })).items.length === 1);
    await finishJobs(lab.client, namespace);
    await eventually(async () => (await imageOf(namespace, 'chat-api')) === 'chatcluster/server:0.2.0');
    await rollOut(lab.client, namespace, { stuck: ['chat-api'] });
    await eventually(async () => (await imageOf(namespace, 'chat-api')) === 'chatcluster/server:0.1.0');
    const cluster = await settle(lab.client, namespace);
    assert.equal(conditionOf(cluster, 'Degraded')?.reason, 'RolledBack');
    assert.deepEqual([cluster.status?.rollback?.from, cluster.status?.rollback?.to, cluster.status?.version], ['0.2.0', '0.1.0', '0.1.0']);
    // Another edit must not try the bad release again.
    await patchSpec(lab.client, namespace, { roles: { api: { replicas: 3 } } });
    await eventually(async () => (await deployment(namespace, 'chat-api')).spec.replicas === 3);
    assert.equal(await imageOf(namespace, 'chat-api'), 'chatcluster/server:0.1.0');
    await patchSpec(lab.client, namespace, { version: '0.3.0' });
    await eventually(async () => (await lab.client.list(jobs, { namespace })).items.length === 1);
    await finishJobs(lab.client, namespace);
    const better = await settle(lab.client, namespace);
    assert.equal(better.status?.version, '0.3.0');
    assert.equal(better.status?.rollback, undefined);
  });
});

describe('an external database', () => {
  const external = { database: { external: { urlSecretRef: { name: 'mine', key: 'url' } } }, redis: { managed: {} } };

  it('whose Secret is missing is said to be so, with the next step, and found when it comes', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace, external);
    const cluster = await untilReason(lab.client, namespace, ['DatabaseReady', 'SecretMissing']);
    assert.match(conditionOf(cluster, 'DatabaseReady')?.message ?? '', /Secret mine does not exist.*Create it with the key "url"/);
    assert.equal(conditionOf(cluster, 'Stalled')?.status, 'True');
    const secret = { metadata: { name: 'mine', namespace }, stringData: { other: 'x' } };
    await lab.client.create(secrets, secret);
    await untilReason(lab.client, namespace, ['DatabaseReady', 'SecretKeyMissing']);
    await lab.client.patch(secrets, { namespace, name: 'mine' }, { stringData: { url: 'postgres://a:b@db.example.com:6432/chat' } });
    await untilReason(lab.client, namespace, ['DatabaseReady', 'NotUsedYet']);
    const cluster2 = await bringUp(lab.client, namespace);
    assert.doesNotMatch(JSON.stringify(cluster2.status), /db\.example\.com/);
    const policy = (await listChildren(lab.client, namespace)).get('NetworkPolicy/chat-realtime');
    assert.match(JSON.stringify(policy), /6432/);
  });

  it('rolls the pods when its Secret changes', async () => {
    const namespace = await lab.createNamespace();
    await lab.client.create(secrets, {
      metadata: { name: 'mine', namespace },
      stringData: { url: 'postgres://a:b@db/chat' },
    } as UnknownObject);
    await createCluster(lab.client, namespace, external);
    await bringUp(lab.client, namespace);
    const before = (await deployment(namespace, 'chat-realtime')).metadata.generation ?? 0;
    await lab.client.patch(secrets, { namespace, name: 'mine' }, { stringData: { url: 'postgres://a:new@db/chat' } });
    await eventually(async () => ((await deployment(namespace, 'chat-realtime')).metadata.generation ?? 0) > before);
  });
});

describe('the evaluation database', () => {
  it('never gets a new password while its volume is there', async () => {
    const namespace = await ready();
    const ref = { namespace, name: 'chat-database' };
    const secret = (await lab.client.get(secrets, ref)) as UnknownObject & { data: object };
    await lab.client.delete(secrets, ref);
    await untilReason(lab.client, namespace, ['DatabaseReady', 'PasswordLost']);
    await assert.rejects(lab.client.get(secrets, ref), isNotFound);
    await lab.client.create(secrets, { metadata: ref, data: secret.data } as UnknownObject);
    await untilReason(lab.client, namespace, ['DatabaseReady', 'Ready']);
  });
});
