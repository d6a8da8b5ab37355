import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from '../../../tools/src/kubernetes/control-plane.ts';
import { eventually as poll } from '../../../tools/src/testing.ts';
import { type ChatCluster, type ChatClusterSpec, listCrds } from '../api/index.ts';
import { type AppOptions, runApp } from '../app.ts';
import { parseConfig } from '../config.ts';
import type { KubeClient } from '../runtime/client-types.ts';
import { createClient } from '../runtime/create-client.ts';
import { isNotFound } from '../runtime/errors.ts';
import { type Log, silentLog } from '../runtime/log.ts';
import { defineResource, type KubeObject, type UnknownObject } from '../runtime/object.ts';
import { chatClusters, deployments, jobs, ownedKinds, pods, secrets } from './kinds.ts';

/** As the shared one; `describe` says at the end what was seen instead. */
export async function eventually<T>(
  condition: () => T | Promise<T>,
  { deadlineMs = 60_000, intervalMs = 10, describe = (): string => '' } = {},
): Promise<Exclude<T, false | '' | 0 | null | undefined>> {
  try {
    return await poll(condition, { deadlineMs, intervalMs });
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${describe()}`, { cause: error });
  }
}

export const statefulSets = ownedKinds.find(({ resource }) => resource.kind === 'StatefulSet')!.resource;
export const namespaces = defineResource({ apiVersion: 'v1', kind: 'Namespace', plural: 'namespaces', namespaced: false });
export const crds = defineResource({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
});

export interface Lab extends AsyncDisposable {
  plane: ControlPlane;
  client: KubeClient;
  createNamespace(): Promise<string>;
  /** Runs an operator of one replica without a lease; it ends with the lab or by `stop`. */
  startOperator(options?: Partial<AppOptions> & { env?: Record<string, string> }): Operator;
}

export interface Operator {
  stop(): Promise<void>;
  ended: Promise<unknown>;
}

export const smallest: ChatClusterSpec = { database: { evaluation: {} }, redis: { managed: {} } };

/** A real API server with our CRD, and operators in this process. */
export async function startLab(options: ControlPlaneOptions = {}): Promise<Lab> {
  await using stack = new AsyncDisposableStack();
  const plane = stack.use(await startControlPlane(options));
  const client = await createClient({ kubeconfig: plane.kubeconfig });
  stack.defer(() => client.close());
  for (const crd of listCrds()) await installCrd(client, crd as unknown as UnknownObject);
  const operators = new Set<Operator>();
  stack.defer(async () => void (await Promise.all([...operators].map((one) => one.stop()))));
  const owned = stack.move();
  let count = 0;
  return {
    plane,
    client,
    async createNamespace() {
      const name = `chat-${++count}`;
      await client.create(namespaces, { metadata: { name, labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } });
      return name;
    },
    startOperator({ env = {}, ...given } = {}) {
      const stopping = new AbortController();
      const config = parseConfig({ KUBECONFIG: plane.kubeconfig, LEADER_ELECTION: 'off', ADMIN_PORT: '0', HOST: '127.0.0.1', ...env });
      const log = process.env.TEST_LOG ? loud : silentLog;
      const ended = runApp({ config, log, signal: stopping.signal, ...given });
      const operator = {
        ended,
        async stop() {
          stopping.abort();
          operators.delete(operator);
          await ended;
        },
      };
      operators.add(operator);
      return operator;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const loud: Log = { debug() {}, info: console.info, warn: console.warn, error: console.error };

/** And waits until it is served. */
export async function installCrd(client: KubeClient, crd: UnknownObject): Promise<void> {
  await client.apply(crds, crd, { fieldManager: 'test' });
  await eventually(async () => {
    const { status } = (await client.get(crds, { name: crd.metadata.name })) as {
      status?: { conditions?: { type: string; status: string }[] };
    };
    return status?.conditions?.some(({ type, status: holds }) => type === 'Established' && holds === 'True');
  });
}

/** A stand-in for an API of somebody else: keeps every field. */
export function looseCrd(group: string, version: string, { kind, plural }: { kind: string; plural: string }): UnknownObject {
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [{ name: version, served: true, storage: true, schema, subresources: { status: {} } }],
    },
  };
}

export async function createCluster(
  client: KubeClient,
  namespace: string,
  spec: ChatClusterSpec = smallest,
  name = 'chat',
): Promise<ChatCluster> {
  return (await client.create(chatClusters, { metadata: { name, namespace }, spec } as unknown as ChatCluster)) as ChatCluster;
}

export async function patchSpec(client: KubeClient, namespace: string, spec: object, name = 'chat'): Promise<ChatCluster> {
  return (await client.patch(chatClusters, { namespace, name }, { spec })) as ChatCluster;
}

export async function readCluster(client: KubeClient, namespace: string, name = 'chat'): Promise<ChatCluster> {
  return (await client.get(chatClusters, { namespace, name })) as ChatCluster;
}

export function conditionOf(cluster: ChatCluster, type: string) {
  return cluster.status?.conditions?.find((condition) => condition.type === type);
}

/** Waits until the condition has this reason; gives the ChatCluster. */
export function untilReason(client: KubeClient, namespace: string, [type, reason]: readonly [string, string]): Promise<ChatCluster> {
  let last: unknown;
  return eventually(
    async () => {
      const cluster = await readCluster(client, namespace);
      last = conditionOf(cluster, type);
      return (
        conditionOf(cluster, type)?.reason === reason &&
        conditionOf(cluster, type)?.observedGeneration === cluster.metadata.generation &&
        cluster
      );
    },
    { describe: () => `${type} never had the reason ${reason}: ${JSON.stringify(last)}` },
  );
}

/** Everything of ours in a namespace, `Kind/name` → object. */
export async function listChildren(client: KubeClient, namespace: string): Promise<Map<string, UnknownObject>> {
  const children = new Map<string, UnknownObject>();
  for (const { resource } of [...ownedKinds, { resource: secrets }]) {
    try {
      const { items } = await client.list(resource, { namespace, labelSelector: 'app.kubernetes.io/managed-by=chatcluster-operator' });
      for (const item of items) children.set(`${resource.kind}/${item.metadata.name}`, item as UnknownObject);
    } catch (error) {
      // Kinds that this API server does not have.
      if (!isNotFound(error)) throw error;
    }
  }
  return children;
}

const now = () => new Date().toISOString().replace(/\.\d+Z$/, 'Z');

/** What the controllers and the kubelet would do: the Job ends well. */
export async function finishJobs(client: KubeClient, namespace: string, outcome: 'Complete' | 'Failed' = 'Complete'): Promise<void> {
  for (const item of (await client.list(jobs, { namespace })).items) {
    const { metadata } = item;
    if ((item as UnknownObject & { status?: { conditions?: unknown[] } }).status?.conditions?.length) continue;
    const at = { status: 'True', lastTransitionTime: now(), lastProbeTime: now(), reason: 'Test', message: 'as the test wants it' };
    const before = outcome === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget';
    const status = {
      startTime: now(),
      ...(outcome === 'Complete' && { completionTime: now(), succeeded: 1 }),
      conditions: [
        { type: before, ...at },
        { type: outcome, ...at },
      ],
    };
    await client.patch(jobs, metadata, { status }, { subresource: 'status' });
  }
}

interface Workload extends KubeObject {
  spec: { replicas?: number };
  status?: { observedGeneration?: number; availableReplicas?: number };
}

function isRolledOut({ metadata, spec, status }: Workload): boolean {
  return status?.observedGeneration === metadata.generation && status?.availableReplicas === (spec.replicas ?? 1);
}

/** Every Deployment and StatefulSet has all its pods, or those that `stuck` names never get them. */
export async function rollOut(client: KubeClient, namespace: string, { stuck = [] as string[] } = {}): Promise<void> {
  for (const resource of [deployments, statefulSets]) {
    for (const item of (await client.list(resource, { namespace })).items as Workload[]) {
      const replicas = item.spec.replicas ?? 1;
      const isStuck = stuck.includes(item.metadata.name);
      if (isRolledOut(item) && !isStuck) continue;
      const done = isStuck ? 0 : replicas;
      const progressing = {
        type: 'Progressing',
        status: isStuck ? 'False' : 'True',
        reason: isStuck ? 'ProgressDeadlineExceeded' : 'NewReplicaSetAvailable',
        message: '',
        lastTransitionTime: now(),
        lastUpdateTime: now(),
      };
      const status = {
        observedGeneration: item.metadata.generation,
        replicas,
        updatedReplicas: done,
        readyReplicas: done,
        availableReplicas: done,
        ...(resource === deployments && { conditions: [progressing] }),
      };
      await client.patch(resource, item.metadata, { status }, { subresource: 'status' });
    }
  }
}

/** The whole way to Ready, as a cluster with nodes would go it. */
export async function bringUp(client: KubeClient, namespace: string): Promise<ChatCluster> {
  await eventually(async () => (await client.list(jobs, { namespace })).items.length > 0);
  await finishJobs(client, namespace);
  return settle(client, namespace);
}

/** Goes on playing the cluster until the ChatCluster is Ready. */
export async function settle(client: KubeClient, namespace: string): Promise<ChatCluster> {
  let last: ChatCluster | undefined;
  return eventually(
    async () => {
      await rollOut(client, namespace);
      last = await readCluster(client, namespace);
      const ready = conditionOf(last, 'Ready');
      return ready?.status === 'True' && ready.observedGeneration === last.metadata.generation && last;
    },
    { deadlineMs: 60_000, describe: () => `not Ready: ${JSON.stringify(last?.status?.conditions, null, 1)}` },
  );
}

export interface FakePod {
  name: string;
  ip?: string;
  component?: string;
  isReady?: boolean;
}

/** A pod that looks as if a kubelet ran it. */
export async function createPod(
  client: KubeClient,
  namespace: string,
  { name, ip, component = 'realtime', isReady = true }: FakePod,
): Promise<UnknownObject> {
  const labels = {
    'app.kubernetes.io/name': 'chatcluster',
    'app.kubernetes.io/instance': 'chat',
    'app.kubernetes.io/component': component,
  };
  const securityContext = {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };
  const pod = {
    metadata: { name, namespace, labels },
    spec: { containers: [{ name: 'server', image: 'none', securityContext }], automountServiceAccountToken: false },
  };
  await client.create(pods, pod);
  const status = {
    phase: 'Running',
    ...(ip && { podIP: ip, podIPs: [{ ip }] }),
    conditions: ['PodScheduled', 'Ready'].map((type) => ({
      type,
      status: type === 'Ready' && !isReady ? 'False' : 'True',
      lastTransitionTime: now(),
    })),
  };
  return (await client.patch(pods, { namespace, name }, { status }, { subresource: 'status' })) as UnknownObject;
}
