import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { loadForeignCrds } from '../../../cdk8s/tests/foreign-crds.ts';
import type { ChatClusterSpec } from '../api/index.ts';
import { openConnection } from '../runtime/kube-config.ts';
import type { UnknownObject } from '../runtime/object.ts';
import { startTestingProxy, type TestingProxy } from '../runtime/testing-proxy.ts';
import { childId, deployments, managerName, ownedKindOf, ownedKinds } from './kinds.ts';
import { createCluster, eventually, finishJobs, installCrd, type Lab, listChildren, smallest, startLab } from './testing.ts';

/** Between them they have every kind. The definitions are the real ones, with their defaults and checks. */
const specs: Record<string, ChatClusterSpec> = {
  'all of Kubernetes itself': {
    ...smallest,
    redis: { managed: { storage: {} } },
    access: { host: 'chat.example.com', ingress: { className: 'test', tlsSecretName: 'tls' } },
    autoscaling: { engine: 'HPA' },
    backup: { target: { volume: {} } },
    files: { volume: {} },
  },
  'all of others': {
    database: { cloudNativePG: {} },
    redis: { managed: {} },
    access: { host: 'chat.example.com', gateway: { parentRefs: [{ name: 'gate' }] } },
    autoscaling: { engine: 'KEDA' },
    monitoring: { serviceMonitor: 'Enabled', rules: 'Enabled', dashboards: 'Enabled' },
  },
};

/** Stands for the ports of the object, with other numbers. */
const otherPorts = 'other ports';

/** What somebody does to a field of ours: another value, and none. What a kind does not let anybody change has none. */
const tampering: Record<string, [object, object] | undefined> = {
  ConfigMap: [{ data: null }, { data: null }],
  // As `kubectl edit` would: the port of the same name is another.
  Service: [{ spec: { ports: otherPorts } }, { spec: { selector: null } }],
  ServiceAccount: [{ automountServiceAccountToken: true }, { automountServiceAccountToken: null }],
  Deployment: [
    { spec: { template: { spec: { terminationGracePeriodSeconds: 77 } } } },
    { spec: { template: { spec: { securityContext: null } } } },
  ],
  StatefulSet: [
    { spec: { template: { spec: { automountServiceAccountToken: true } } } },
    { spec: { template: { spec: { securityContext: null } } } },
  ],
  HorizontalPodAutoscaler: [{ spec: { maxReplicas: 99 } }, { spec: { behavior: null } }],
  CronJob: [{ spec: { schedule: '* * * * *' } }, { spec: { jobTemplate: { spec: { template: { spec: { securityContext: null } } } } } }],
  Ingress: [{ spec: { rules: [{ host: 'evil.example.com' }] } }, { spec: { tls: null } }],
  NetworkPolicy: [{ spec: { ingress: [{}], egress: [{}] } }, { spec: { policyTypes: null, ingress: null } }],
  PodDisruptionBudget: [{ spec: { maxUnavailable: 9 } }, { spec: { selector: null } }],
  HTTPRoute: [{ spec: { hostnames: ['evil.example.com'] } }, { spec: { hostnames: null } }],
  ScaledObject: [{ spec: { maxReplicaCount: 99 } }, { spec: { advanced: null } }],
  ServiceMonitor: [{ spec: { endpoints: [] } }, { spec: { selector: { matchLabels: null } } }],
  PrometheusRule: [{ spec: { groups: [] } }, { spec: { groups: null } }],
  Cluster: [{ spec: { instances: 1 } }, { spec: { instances: null } }],
  // Nobody can change what a Job does, and its release has just this one; of a volume only the size, upwards.
  Job: undefined,
  PersistentVolumeClaim: undefined,
};

function tamper(child: UnknownObject, step: 0 | 1): object {
  const patch = tampering[child.kind!]![step] as { spec?: { ports?: unknown } };
  if (patch.spec?.ports !== otherPorts) return patch;
  const { ports } = child.spec as { ports: { name: string; port: number }[] };
  return { spec: { ports: ports.map(({ name }, index) => ({ name, port: index + 1 })) } };
}

let lab: Lab;
let proxy: TestingProxy;
before(async () => {
  lab = await startLab();
  for (const crd of loadForeignCrds()) await installCrd(lab.client, crd as unknown as UnknownObject);
  proxy = await startTestingProxy(await openConnection({ kubeconfig: lab.plane.kubeconfig }));
  lab.startOperator({ source: { connection: proxy.connection } });
});
after(async () => {
  await lab[Symbol.asyncDispose]();
  await proxy[Symbol.asyncDispose]();
});

const resourceOf = (object: UnknownObject) => ownedKindOf(object)!.resource;

/** With all its children, which nobody has touched yet. */
async function made(spec: ChatClusterSpec): Promise<{ namespace: string; children: UnknownObject[] }> {
  const namespace = await lab.createNamespace();
  await createCluster(lab.client, namespace, spec);
  await eventually(async () => {
    await finishJobs(lab.client, namespace);
    return (await listChildren(lab.client, namespace)).has('Deployment/chat-worker');
  });
  await untilQuiet(namespace);
  return { namespace, children: [...(await listChildren(lab.client, namespace)).values()].filter(({ kind }) => kind !== 'Secret') };
}

/** As long as it takes until nothing is asked about this namespace for two seconds. */
async function untilQuiet(namespace: string): Promise<void> {
  const about = () => proxy.requests.filter(({ path }) => path.includes(`/${namespace}/`)).length;
  await eventually(
    async () => {
      const seen = about();
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      return about() === seen;
    },
    { describe: () => JSON.stringify(proxy.requests.slice(-8).map(({ method, path }) => `${method} ${path}`)) },
  );
}

/** What people may change of an object. */
function contentOf({ metadata, status: _status, ...rest }: UnknownObject): unknown {
  return { ...rest, metadata: { labels: metadata.labels, owners: metadata.ownerReferences } };
}

async function untilAsBefore(child: UnknownObject): Promise<void> {
  let now: unknown;
  const read = async () => contentOf((await lab.client.get(resourceOf(child), child.metadata)) as UnknownObject);
  await eventually(
    async () => {
      now = await read();
      return isDeepStrictEqual(now, contentOf(child));
    },
    { describe: () => `${childId(child)} is ${JSON.stringify(now)}` },
  ).catch(async () => assert.deepEqual(await read(), contentOf(child), childId(child)));
}

const changed = (children: UnknownObject[]) => children.filter(({ kind }) => tampering[kind!]);

/** Of the operator, on an object. */
async function operationsOf(child: UnknownObject): Promise<string[]> {
  const { metadata } = await lab.client.get(resourceOf(child), child.metadata);
  const fields = (metadata.managedFields ?? []) as { manager: string; operation: string }[];
  return fields.filter(({ manager }) => manager === managerName).map(({ operation }) => operation);
}

describe('drift', () => {
  for (const [what, spec] of Object.entries(specs)) {
    it(`of any field is corrected, of ${what}, and then nothing is asked any more`, async () => {
      const { namespace, children } = await made(spec);
      for (const step of [0, 1] as const) {
        for (const child of changed(children)) await lab.client.patch(resourceOf(child), child.metadata, tamper(child, step));
        for (const child of changed(children)) await untilAsBefore(child);
      }
      await untilQuiet(namespace);
      // What it owned by another operation than apply, it could never take away again.
      for (const child of changed(children)) assert.deepEqual(await operationsOf(child), ['Apply'], childId(child));
    });

    it(`children come back that were deleted, of ${what}`, async () => {
      const { children } = await made(spec);
      // A volume waits for its pods; the Job is not needed any more.
      const deleted = children.filter(({ kind }) => kind !== 'PersistentVolumeClaim' && kind !== 'Job');
      for (const child of deleted) await lab.client.delete(resourceOf(child), child.metadata);
      for (const child of deleted) {
        await eventually(
          async () => {
            const found = await lab.client.find(resourceOf(child), child.metadata);
            return found && found.metadata.uid !== child.metadata.uid;
          },
          { describe: () => childId(child) },
        );
      }
    });

    for (const label of ['app.kubernetes.io/name', 'app.kubernetes.io/instance', 'app.kubernetes.io/managed-by']) {
      it(`of the label ${label} is corrected, of ${what}`, async () => {
        // A volume has no owner: it is known by its labels only, and left alone without them.
        const children = (await made(spec)).children.filter(({ kind }) => kind !== 'PersistentVolumeClaim' && kind !== 'Cluster');
        for (const child of children)
          await lab.client.patch(resourceOf(child), child.metadata, { metadata: { labels: { [label]: 'tampered' } } });
        for (const child of children) await untilAsBefore(child);
      });
    }

    it(`of the owner is corrected, of ${what}`, async () => {
      const children = (await made(spec)).children.filter(({ kind }) => kind !== 'Job');
      for (const child of children) await lab.client.patch(resourceOf(child), child.metadata, { metadata: { ownerReferences: null } });
      for (const child of children) await untilAsBefore(child);
    });
  }

  it('is tried on every kind that there is', async () => {
    const tried = new Set(['Job']);
    for (const spec of Object.values(specs)) for (const { kind } of (await made(spec)).children) tried.add(kind!);
    const all = ownedKinds.map(({ resource }) => resource.kind).toSorted();
    assert.deepEqual([...tried].toSorted(), all);
    assert.deepEqual(Object.keys(tampering).toSorted(), all);
  });

  it('of fields of others is left alone', async () => {
    const { namespace } = await made(smallest);
    const ref = { namespace, name: 'chat-api' };
    await lab.client.patch(deployments, ref, { metadata: { annotations: { 'example.com/theirs': 'kept' } }, spec: { replicas: 7 } });
    const corrected = await eventually(async () => {
      const found = (await lab.client.get(deployments, ref)) as UnknownObject & { spec: { replicas: number } };
      return found.spec.replicas === 2 && found;
    });
    assert.equal(corrected.metadata.annotations?.['example.com/theirs'], 'kept');
  });

  it('of the number of realtime pods is left to the scaler', async () => {
    const { namespace } = await made({ ...smallest, autoscaling: { engine: 'Disabled' }, replicas: 3 });
    const ref = { namespace, name: 'chat-realtime' };
    await lab.client.writeScale(deployments, ref, 5);
    await eventually(async () => (await lab.client.readScale(deployments, ref)).spec?.replicas === 3);
  });
});
