import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '@chatcluster/tools/testing';
import type { ClusterInfo } from '@chatcluster/tools/kubernetes/cluster/target';
import { ensureTool } from '@chatcluster/tools/kubernetes/tools';

const execute = promisify(execFile);
const root = join(import.meta.dirname, '..', '..');
/** Each look is a process of its own: looking all the time would slow down what is waited for. */
const intervalMs = 500;
const patienceMs = 300_000;
const infoFile = join(process.env.LOCAL_DIR || join(root, '.local'), 'kubernetes.json');

export interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
  observedGeneration: number;
}

export interface ChatCluster {
  metadata: { generation: number; uid: string };
  spec: Record<string, unknown>;
  status: {
    observedGeneration?: number;
    replicas?: number;
    readyReplicas?: number;
    version?: string;
    url?: string;
    connections?: number;
    autoscaler?: { desired?: number; signal?: string };
    conditions?: Condition[];
  };
}

export interface Pod {
  metadata: { name: string; uid: string; deletionTimestamp?: string };
  status: { phase: string; conditions?: { type: string; status: string }[] };
}

export type Component = 'realtime' | 'api' | 'worker' | 'redis' | 'postgres';

/** The cluster of `make cluster`, as a person at a terminal sees it. */
export interface Kubernetes extends AsyncDisposable {
  readonly frontUrl: string;
  /** The same over TLS, where it is known. */
  readonly secureUrl?: string;
  /** 'enforced', or why NetworkPolicies are not; absent where it is not known. */
  readonly policies?: string;
  readonly namespace: string;
  readonly name: string;
  readonly kubeconfig: string;
  /** In the namespace of the ChatCluster; stdout. A failure rejects with stderr in `message`. */
  kubectl(...args: string[]): Promise<string>;
  helm(...args: string[]): Promise<string>;
  get(): Promise<ChatCluster>;
  /** Ready pods that are not going away. */
  readyPods(component: Component): Promise<Pod[]>;
  /** A merge patch of the spec. */
  edit(spec: object): Promise<void>;
  /** Waits until the operator has seen the last edit and the cluster is Ready. */
  untilReady(): Promise<ChatCluster>;
  untilReadyPods(component: Component, count: number): Promise<Pod[]>;
  /** As many ready pods, and none that still goes away. */
  untilOnlyPods(component: Component, count: number): Promise<Pod[]>;
}

async function runTool(file: string): Promise<void> {
  const child = spawn(process.execPath, [join(root, 'tools/src/kubernetes', file)], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${file} ended with ${code}`);
}

const isReadyPod = ({ metadata, status }: Pod) =>
  !metadata.deletionTimestamp && (status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') ?? false);

export const conditionOf = (cluster: ChatCluster, type: string) => cluster.status.conditions?.find((condition) => condition.type === type);

/** Starts the cluster, or takes the one that runs; only what was started here is taken down again. */
export async function startKubernetes(): Promise<Kubernetes> {
  const wasRunning = existsSync(infoFile);
  await runTool('cluster.ts');
  const info = JSON.parse(readFileSync(infoFile, 'utf8')) as ClusterInfo;
  const programs = { kubectl: await ensureTool('kubectl'), helm: await ensureTool('helm') };
  const call = async (program: keyof typeof programs, args: string[]) =>
    (await execute(programs[program], ['--kubeconfig', info.kubeconfig, ...args], { maxBuffer: 2 ** 26 })).stdout;
  const kubectl = (...args: string[]) => call('kubectl', ['--namespace', info.namespace, ...args]);
  const get = async () => JSON.parse(await kubectl('get', 'chatcluster', info.name, '-o', 'json')) as ChatCluster;
  const listPods = async (component: Component) => {
    const selector = `app.kubernetes.io/instance=${info.name},app.kubernetes.io/component=${component}`;
    const { items } = JSON.parse(await kubectl('get', 'pods', '-l', selector, '-o', 'json')) as { items: Pod[] };
    return items;
  };
  const readyPods = async (component: Component) => (await listPods(component)).filter(isReadyPod);
  return {
    ...info,
    kubectl,
    helm: (...args) => call('helm', args),
    get,
    readyPods,
    edit: async (spec) => void (await kubectl('patch', 'chatcluster', info.name, '--type=merge', '-p', JSON.stringify({ spec }))),
    untilReady: () =>
      eventually(
        async () => {
          const cluster = await get();
          const isSeen = cluster.status.observedGeneration === cluster.metadata.generation;
          return isSeen && conditionOf(cluster, 'Ready')?.status === 'True' ? cluster : undefined;
        },
        { deadlineMs: patienceMs, intervalMs, message: 'the ChatCluster did not become Ready' },
      ),
    untilReadyPods: (component, count) =>
      eventually(
        async () => {
          const pods = await readyPods(component);
          return pods.length === count ? pods : undefined;
        },
        { deadlineMs: patienceMs, intervalMs, message: `there were never ${count} ready ${component} pods` },
      ),
    untilOnlyPods: (component, count) =>
      eventually(
        async () => {
          const pods = await listPods(component);
          return pods.length === count && pods.every(isReadyPod) ? pods : undefined;
        },
        { deadlineMs: patienceMs, intervalMs, message: `there were never just ${count} ${component} pods, all ready` },
      ),
    async [Symbol.asyncDispose]() {
      if (!wasRunning) await runTool('cluster-down.ts');
    },
  };
}

/** `kubectl apply` of one object in the namespace of the ChatCluster. */
export async function applyObject({ kubectl }: Kubernetes, object: object): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'chat-apply-'));
  try {
    const file = join(dir, 'object.json');
    writeFileSync(file, JSON.stringify(object));
    await kubectl('apply', '-f', file);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
