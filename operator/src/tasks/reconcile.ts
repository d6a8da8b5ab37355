import { isDeepStrictEqual } from 'node:util';
import { deleteChild } from '../apply/apply-all.ts';
import type { ReconcileDeps } from '../controller/deps.ts';
import { managerName } from '../controller/kinds.ts';
import { clusterKeyOfTask, type TaskResource, type TaskStore } from '../controller/task-store.ts';
import { readCaches } from '../gather/gather.ts';
import type { Observed } from '../gather/observed.ts';
import type { Reconcile, ReconcileResult } from '../runtime/controller.ts';
import { isNotFound } from '../runtime/errors.ts';
import type { KubeObject, Resource } from '../runtime/object.ts';
import { begin } from './begin.ts';
import { jobNameOf, type Plan, refuse, type TaskObserved } from './plan.ts';
import { readProgress } from './progress.ts';
import { buildTaskStatus, type Outcome } from './status.ts';
import { createWritten, type Written } from './written.ts';

/** What nobody's event tells, such as the end of a foreign object. */
const lookAgainMs = 60_000;

export type TaskDeps = Pick<ReconcileDeps, 'client' | 'watches' | 'settings' | 'events' | 'now'>;

/** What differs between backups and restores. */
export interface TaskKind<T extends TaskResource & KubeObject> {
  role: 'backup' | 'restore';
  resource: Resource<T>;
  store: TaskStore<T>;
  /** Pure; asked for as long as there is no Job. */
  plan: (observed: TaskObserved<T>) => Plan;
}

/** One Job for each resource, once: what has ended is never looked at again. Level-based, as that of ChatClusters. */
export function createTaskReconcile<T extends TaskResource & KubeObject>(deps: TaskDeps, kind: TaskKind<T>): Reconcile {
  const written = createWritten();
  return async (key, signal) => {
    const cached = kind.store.get(key);
    if (cached === undefined) return written.forget(key);
    if (cached.metadata.deletionTimestamp) return;
    const task = written.newest(cached);
    if (task.status?.phase === 'Succeeded' || task.status?.phase === 'Failed') return;
    const cluster = deps.watches.cluster(clusterKeyOfTask(task));
    const world = cluster && (await readCaches(deps, cluster, signal));
    const outcome = await work(deps, kind, { task, world }, signal);
    await report({ ...deps, written }, kind, { task, outcome, clusterUid: cluster?.metadata.uid }, signal);
    return requeueOf(outcome);
  };
}

function requeueOf(outcome: Outcome): ReconcileResult {
  if (outcome.state === 'stuck') return { requeueAfterMs: lookAgainMs };
  return outcome.state === 'running' && outcome.lookAgainMs !== undefined ? { requeueAfterMs: outcome.lookAgainMs } : {};
}

async function work<T extends TaskResource & KubeObject>(
  deps: TaskDeps,
  kind: TaskKind<T>,
  observed: TaskObserved<T>,
  signal: AbortSignal,
): Promise<Outcome> {
  const { watches, client, now } = deps;
  const { task, world } = observed;
  const clusterKey = clusterKeyOfTask(task);
  const job = watches.children(clusterKey).get(`Job/${jobNameOf(task)}`);
  const isBegun = job !== undefined || task.status?.clusterUid !== undefined;
  if (kind.role === 'restore' && isBegun && isGone(task, world)) {
    if (job) await deleteChild({ client, signal }, job);
    return refuse('ClusterDeleted', 'The ChatCluster was deleted while it was restored. Make both anew.');
  }
  if (job) return readProgress(job, watches.pods(clusterKey), now());
  const plan = kind.plan(observed);
  if (plan.state !== 'run') return plan;
  if (world === undefined) throw new TypeError(`${task.kind} ${task.metadata.name}: nothing can run without a ChatCluster`);
  return begin(client, { role: kind.role, task, world, plan }, signal);
}

/** Its ChatCluster, also when another one has taken its name. */
function isGone({ status }: TaskResource, world: Observed | undefined): boolean {
  if (world === undefined || world.cluster.metadata.deletionTimestamp) return true;
  return status?.clusterUid !== undefined && status.clusterUid !== world.cluster.metadata.uid;
}

interface Report {
  task: TaskResource;
  outcome: Outcome;
  clusterUid: string | undefined;
}

/** One write, and only when something changed. */
async function report<T extends TaskResource & KubeObject>(
  { client, events, now, written }: TaskDeps & { written: Written },
  { resource }: TaskKind<T>,
  { task, outcome, clusterUid }: Report,
  signal: AbortSignal,
): Promise<void> {
  const status = buildTaskStatus(task, outcome, { nowMs: now(), clusterUid });
  if (isDeepStrictEqual(task.status, status)) return;
  const { name, namespace, uid } = task.metadata;
  try {
    const manifest = { metadata: { name, namespace, uid }, status };
    const options = { fieldManager: managerName, subresource: 'status', signal } as const;
    const { metadata } = await client.apply(resource as Resource<KubeObject>, manifest, options);
    written.set(task, metadata.resourceVersion ?? '', status);
  } catch (error) {
    // It was deleted meanwhile.
    if (isNotFound(error)) return;
    throw error;
  }
  const bad = status.conditions?.find(({ type, status: holds }) => type === 'Stalled' && holds === 'True');
  const wasBad = task.status?.conditions?.some(({ type, reason }) => type === 'Stalled' && reason === bad?.reason);
  if (bad && !wasBad) events.record({ regarding: task, action: 'Reconcile', type: 'Warning', reason: bad.reason, note: bad.message });
  if (status.phase === 'Succeeded')
    events.record({ regarding: task, action: 'Reconcile', type: 'Normal', reason: 'Succeeded', note: status.message ?? '' });
}
