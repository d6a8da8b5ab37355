import { deletionCostAnnotation } from '../autoscale/victims.ts';
import { labels } from '../controller/kinds.ts';
import type { KubeObject, ObjectMeta } from '../runtime/object.ts';

/** What is kept of a pod. */
export interface Pod extends KubeObject {
  component: string;
  ip?: string;
  isReady: boolean;
  isScheduled: boolean;
  /** From its creation until it was ready first. */
  startSeconds?: number;
  deletionCost: number;
  /** Why a container does not start or keeps ending. */
  trouble?: { reason: string; message: string };
  /** The last words of a pod that backed up or restored. */
  result?: string;
}

interface ContainerStatus {
  restartCount?: number;
  state?: { waiting?: { reason?: string; message?: string }; terminated?: { message?: string } };
  lastState?: { terminated?: { reason?: string; message?: string; exitCode?: number } };
}

interface FullPod extends KubeObject {
  spec?: { nodeName?: string };
  status?: {
    phase?: string;
    podIP?: string;
    conditions?: { type: string; status: string; reason?: string; message?: string; lastTransitionTime?: string }[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}

/** Waiting that passes by itself. */
const patient = new Set(['ContainerCreating', 'PodInitializing']);

export function leanPod(object: KubeObject): Pod {
  const { metadata, spec = {}, status = {} } = object as FullPod;
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  const scheduled = status.conditions?.find(({ type }) => type === 'PodScheduled');
  const isReady = ready?.status === 'True';
  const component = metadata.labels?.[labels.component] ?? '';
  const result = component === 'backup' || component === 'restore' ? status.containerStatuses?.[0]?.state?.terminated?.message : undefined;
  const startSeconds = isReady ? secondsBetween(metadata.creationTimestamp, ready?.lastTransitionTime) : undefined;
  const unschedulable = scheduled?.status === 'False' ? { reason: 'Unschedulable', message: scheduled.message ?? '' } : undefined;
  const trouble = findTrouble([...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]) ?? unschedulable;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: leanMeta(metadata),
    component,
    ...(status.podIP && { ip: status.podIP }),
    isReady,
    // As the ReplicaSet controller sees it; the condition may be written later than the name.
    isScheduled: Boolean(spec.nodeName),
    ...(startSeconds !== undefined && { startSeconds }),
    deletionCost: Number(metadata.annotations?.[deletionCostAnnotation] ?? 0) || 0,
    ...(trouble && { trouble }),
    ...(result && { result }),
  };
}

function leanMeta({ name, namespace, uid, resourceVersion, labels: all, creationTimestamp, deletionTimestamp }: ObjectMeta): ObjectMeta {
  return {
    name,
    ...(namespace && { namespace }),
    ...(uid && { uid }),
    ...(resourceVersion && { resourceVersion }),
    ...(all && { labels: all }),
    ...(creationTimestamp && { creationTimestamp }),
    ...(deletionTimestamp && { deletionTimestamp }),
  };
}

function findTrouble(statuses: ContainerStatus[]): Pod['trouble'] {
  for (const { state, lastState } of statuses) {
    const { reason, message = '' } = state?.waiting ?? {};
    if (reason === undefined || patient.has(reason)) continue;
    const ended = lastState?.terminated;
    return { reason, message: ended?.message || message || (ended ? `ended with exit code ${ended.exitCode}` : '') };
  }
  return undefined;
}

function secondsBetween(from: string | undefined, to: string | undefined): number | undefined {
  if (from === undefined || to === undefined) return undefined;
  const seconds = (Date.parse(to) - Date.parse(from)) / 1_000;
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : undefined;
}

/** The median of the newest pods: one that became unready and recovered looks as if it had started for hours. */
export function measureStart(pods: readonly Pod[], fallbackSeconds: number): number {
  const measured = pods
    .filter(({ startSeconds }) => startSeconds !== undefined)
    .sort((a, b) => (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''))
    .slice(0, 8)
    .map(({ startSeconds = 0 }) => startSeconds)
    .sort((a, b) => a - b);
  return Math.min(120, measured[Math.floor(measured.length / 2)] ?? fallbackSeconds);
}
