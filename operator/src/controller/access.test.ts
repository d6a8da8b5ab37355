import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { ChatClusterSpec } from '../api/index.ts';
import { ownNamespaceRules, type PolicyRule, secretReaderRules, watchedRules } from '../rbac.ts';
import type { KubeObject, UnknownObject } from '../runtime/object.ts';
import { backups, chatClusters, deployments, jobs, ownedKinds, pods, restores, secrets } from './kinds.ts';
import {
  bringUp,
  createCluster,
  createPod,
  eventually,
  finishJobs,
  installCrd,
  type Lab,
  listChildren,
  looseCrd,
  namespaces,
  patchSpec,
  readCluster,
  settle,
  smallest,
  startLab,
  untilReason,
} from './testing.ts';
import { installAccess, readAudit, system } from './testing-access.ts';

const chat = 'chat-here';
let lab: Lab;

function listUsedRights(): Set<string> {
  return new Set(
    readAudit(lab).flatMap(({ verb, objectRef = {}, responseStatus }) => {
      const { apiGroup = '', resource = '', subresource } = objectRef;
      const name = `${apiGroup}/${subresource ? `${resource}/${subresource}` : resource}`;
      // An apply that makes the object needs both rights.
      return verb === 'patch' && responseStatus?.code === 201 ? [`${verb} ${name}`, `create ${name}`] : [`${verb} ${name}`];
    }),
  );
}

const optionalApis: [string, string, { kind: string; plural: string }][] = [
  ['gateway.networking.k8s.io', 'v1', { kind: 'HTTPRoute', plural: 'httproutes' }],
  ['keda.sh', 'v1alpha1', { kind: 'ScaledObject', plural: 'scaledobjects' }],
  ['monitoring.coreos.com', 'v1', { kind: 'ServiceMonitor', plural: 'servicemonitors' }],
  ['monitoring.coreos.com', 'v1', { kind: 'PrometheusRule', plural: 'prometheusrules' }],
  ['postgresql.cnpg.io', 'v1', { kind: 'Cluster', plural: 'clusters' }],
];

before(async () => {
  lab = await startLab();
  for (const name of [system, chat]) await lab.client.create(namespaces, { metadata: { name } });
  for (const [group, version, names] of optionalApis) {
    const crd = looseCrd(group, version, names);
    // Their names are protected: real ones carry an approval.
    crd.metadata.annotations = { 'api-approved.kubernetes.io': 'unapproved, a stand-in for tests' };
    await installCrd(lab.client, crd);
  }
  const connection = await installAccess(lab, { namespace: system, version: '0.1.0', secretNamespaces: [chat] });
  lab.startOperator({
    source: { connection },
    readLoad: async () => ({ connections: 10, acceptPerSecond: 0, eventLoopUtilization: 0.1, heapUsedRatio: 0.1 }),
    env: { LEADER_ELECTION: 'on', POD_NAMESPACE: system, SCALE_INTERVAL_SECONDS: '1' },
  });
});
after(() => lab[Symbol.asyncDispose]());

type Phased = KubeObject & { status?: { phase?: string } };

const routes = ownedKinds.find(({ resource }) => resource.kind === 'HTTPRoute')!.resource;

const everything: ChatClusterSpec = {
  ...smallest,
  database: { evaluation: {}, deletionPolicy: 'Delete' },
  redis: { managed: { shards: 2 } },
  access: { host: 'chat.example.com', gateway: { parentRefs: [{ name: 'gate' }] } },
  autoscaling: { engine: 'HPA' },
  backup: { target: { volume: {} } },
};

async function remove(name: string): Promise<void> {
  await lab.client.delete(chatClusters, { namespace: chat, name });
  await eventually(async () => (await lab.client.find(chatClusters, { namespace: chat, name })) === undefined, { describe: () => name });
}

describe('under its own ServiceAccount', () => {
  it('does everything, and is never refused', async () => {
    await createCluster(lab.client, chat, everything);
    await eventually(() => lab.client.get(routes, { namespace: chat, name: 'chat' }));
    const parents = [{ parentRef: { name: 'gate' }, conditions: [{ type: 'Accepted', status: 'True' }] }];
    await lab.client.patch(routes, { namespace: chat, name: 'chat' }, { status: { parents } }, { subresource: 'status' });
    await bringUp(lab.client, chat);
    const clusterRef = { name: 'chat' };
    await lab.client.create(backups, { metadata: { name: 'now', namespace: chat }, spec: { clusterRef } } as UnknownObject);
    const source = { volume: { claimName: 'chat-backups' } };
    await lab.client.create(restores, { metadata: { name: 'late', namespace: chat }, spec: { clusterRef, source } } as UnknownObject);
    for (const [resource, name, phase] of [
      [backups, 'now', 'Running'],
      [restores, 'late', 'Failed'],
    ] as const) {
      await eventually(
        async () => ((await lab.client.get<KubeObject>(resource, { namespace: chat, name })) as Phased).status?.phase === phase,
      );
    }
    await finishJobs(lab.client, chat);
    await lab.client.delete(backups, { namespace: chat, name: 'now' });
    // No garbage collector runs here.
    for (const { metadata } of (await lab.client.list(jobs, { namespace: chat })).items) await lab.client.delete(jobs, metadata);
    await eventually(async () => (await lab.client.list(jobs, { namespace: chat })).items.length === 0);
    await patchSpec(lab.client, chat, {
      redis: { managed: { shards: 1 } },
      access: { gateway: null, ingress: {} },
      autoscaling: { engine: 'KEDA' },
      monitoring: { serviceMonitor: 'Disabled', rules: 'Disabled', dashboards: 'Disabled' },
      networkPolicy: { enabled: false },
      podTemplate: { serviceAccountName: 'default' },
      backup: null,
      version: '0.2.0',
    });
    await eventually(async () => (await lab.client.list(jobs, { namespace: chat })).items.length === 1);
    await finishJobs(lab.client, chat);
    await settle(lab.client, chat);
    await patchSpec(lab.client, chat, { access: { host: null, ingress: null }, autoscaling: { engine: 'External' }, replicas: 3 });
    await settle(lab.client, chat);
    // Nothing makes pods here; the emptiest of these is to leave.
    for (const name of ['one', 'two', 'three']) await createPod(lab.client, chat, { name, ip: '127.0.0.1' });
    for (const replicas of [2, 3, 2]) {
      await patchSpec(lab.client, chat, { replicas });
      await eventually(
        async () => (await lab.client.readScale(deployments, { namespace: chat, name: 'chat-realtime' })).spec?.replicas === replicas,
      );
    }
    for (const name of ['one', 'two', 'three']) await lab.client.delete(pods, { namespace: chat, name }, { gracePeriodSeconds: 0 });
    await lab.client.create(secrets, { metadata: { namespace: chat, name: 'unrelated' }, stringData: { a: 'b' } } as UnknownObject);
    await remove('chat');
    const left = [...(await listChildren(lab.client, chat)).keys()];
    assert.ok(!left.some((id) => id === 'Secret/chat-database'), left.join(', '));
    await createCluster(
      lab.client,
      chat,
      { database: { cloudNativePG: {}, deletionPolicy: 'Delete' }, redis: { external: { urlsSecretRef: { name: 'none', key: 'urls' } } } },
      'pg',
    );
    await eventually(async () =>
      (await readCluster(lab.client, chat, 'pg')).status?.conditions?.some(({ reason }) => reason === 'SecretMissing'),
    );
    await remove('pg');
    const refused = readAudit(lab).filter(({ responseStatus }) => responseStatus?.code === 403 || responseStatus?.code === 401);
    assert.deepEqual(refused, []);
  });

  it('reads no Secret outside of the namespaces in which it may', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace);
    await bringUp(lab.client, namespace);
    const reading = readAudit(lab).filter(
      ({ verb, objectRef }) =>
        objectRef?.resource === 'secrets' && objectRef.namespace === namespace && verb !== 'create' && verb !== 'delete',
    );
    assert.deepEqual(reading, []);
  });

  it('notices there by the pods that wait that a Secret is missing', async () => {
    const namespace = await lab.createNamespace();
    await createCluster(lab.client, namespace, { ...smallest, database: { external: { urlSecretRef: { name: 'mine', key: 'url' } } } });
    await createPod(lab.client, namespace, { name: 'waiting', component: 'migrate', isReady: false });
    const waiting = {
      name: 'server',
      ready: false,
      restartCount: 0,
      image: 'none',
      imageID: '',
      state: { waiting: { reason: 'CreateContainerConfigError', message: 'secret "mine" not found' } },
    };
    await lab.client.patch(pods, { namespace, name: 'waiting' }, { status: { containerStatuses: [waiting] } }, { subresource: 'status' });
    await untilReason(lab.client, namespace, ['DatabaseReady', 'SecretMissing']);
  });

  it('has no right that it does not use', async () => {
    const given = [...watchedRules, ...secretReaderRules, ...ownNamespaceRules].flatMap((rule: PolicyRule) =>
      rule.apiGroups.flatMap((group) => rule.resources.flatMap((resource) => rule.verbs.map((verb) => `${verb} ${group}/${resource}`))),
    );
    let unused: string[] = [];
    // Repeated events are written together, after ten seconds.
    await eventually(
      () => {
        const used = listUsedRights();
        unused = given.filter((right) => !used.has(right));
        return unused.length === 0;
      },
      { describe: () => `unused: ${unused.join(', ')}` },
    );
  });
});
