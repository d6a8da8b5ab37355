import { isDeepStrictEqual } from 'node:util';
import { renderTask } from '@chatcluster/cdk8s/render';
import type { KubernetesObject } from '@chatcluster/cdk8s/types';
import { GROUP, VERSION } from '../api/index.ts';
import { deleteChild } from '../apply/apply-all.ts';
import { applyObject } from '../apply/apply-object.ts';
import { createLedger } from '../apply/ledger.ts';
import type { ReconcileDeps } from '../controller/deps.ts';
import { managerName } from '../controller/kinds.ts';
import { clusterKeyOfTask, type TaskResource, type TaskStore } from '../controller/task-store.ts';
import { elsewhereAnnotation } from '../decide/backups.ts';
import { factsFor } from '../decide/facts.ts';
import { readCaches } from '../gather/gather.ts';
import type { Observed } from '../gather/observed.ts';
import type { Reconcile, ReconcileResult } from '../runtime/controller.ts';
import { isNotFound } from '../runtime/errors.ts';
import type { KubeObject, Resource } from '../runtime/object.ts';
import { jobNameOf, type Plan, refuse, type Run, stuck, type TaskObserved, toBackupPlace, wait } from './plan.ts';
import { placeAnnotation, readProgress } from './progress.ts';
import { buildTaskStatus, type Outcome } from './status.ts';

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
  return async (key, signal) => {
    const task = kind.store.get(key);
    const phase = task?.status?.phase;
    if (task === undefined || task.metadata.deletionTimestamp || phase === 'Succeeded' || phase === 'Failed') return;
    const cluster = deps.watches.cluster(clusterKeyOfTask(task));
    const world = cluster && (await readCaches(deps, cluster));
    const outcome = await work(deps, kind, { task, world }, signal);
    await report(deps, kind, { task, outcome, clusterUid: cluster?.metadata.uid }, signal);
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
  if (job) {
    if (kind.role === 'restore' && isGone(task, world)) {
      await deleteChild({ client, signal }, job);
      return refuse('ClusterDeleted', 'The ChatCluster was deleted while it was restored. Make both anew.');
    }
    return readProgress(job, watches.pods(clusterKey), now());
  }
  const plan = kind.plan(observed);
  if (plan.state !== 'run') return plan;
  if (world === undefined) throw new TypeError(`${task.kind} ${task.metadata.name}: nothing can run without a ChatCluster`);
  return begin(deps, { kind: kind.role, task, world, plan }, signal);
}

/** Its ChatCluster, also when another one has taken its name. */
function isGone({ status }: TaskResource, world: Observed | undefined): boolean {
  if (world === undefined || world.cluster.metadata.deletionTimestamp) return true;
  return status?.clusterUid !== undefined && status.clusterUid !== world.cluster.metadata.uid;
}

interface Beginning {
  kind: 'backup' | 'restore';
  task: TaskResource;
  world: Observed;
  plan: Run;
}

async function begin(deps: TaskDeps, beginning: Beginning, signal: AbortSignal): Promise<Outcome> {
  const { task, world, plan } = beginning;
  const { name, namespace, uid } = task.metadata;
  // Nothing is remembered of them: what is there is found by looking.
  const apply = { client: deps.client, ledger: createLedger(), signal };
  for (const object of render(beginning)) {
    const child = world.children.get(`${object.kind}/${object.metadata.name}`);
    const target = { key: `${namespace}/${name}`, owner: { name, uid, kind: task.kind }, object, child };
    const outcome = await applyObject(apply, target);
    if (outcome.state === 'foreign') return stuck('ForeignObject', outcome.message);
    if (outcome.state === 'refused') return stuck('ApplyRefused', outcome.message);
    if (outcome.state === 'waiting') return wait('WaitingForObject', `The ${object.kind} ${object.metadata.name} is on its way out.`);
  }
  return { state: 'running', job: jobNameOf(task), place: plan.place, message: `The Job ${jobNameOf(task)} runs.` };
}

function render({ kind, task, world, plan }: Beginning): KubernetesObject[] {
  const { metadata } = world.cluster;
  const { version, place, backup, isElsewhere } = plan;
  const spec = { ...world.spec, version };
  const facts = factsFor(world, { version, requested: world.spec.version ?? world.settings.version, applied: true });
  const { name, uid } = task.metadata;
  const owner = { apiVersion: `${GROUP}/${VERSION}`, kind: task.kind, name, uid, controller: true, blockOwnerDeletion: true };
  const annotations = { [placeAnnotation]: JSON.stringify(place), ...(isElsewhere && { [elsewhereAnnotation]: 'true' }) };
  const job = {
    role: kind,
    job: jobNameOf(task),
    place: toBackupPlace(place),
    owner,
    annotations,
    ...(backup !== undefined && { backup }),
  };
  return renderTask({ name: metadata.name, namespace: metadata.namespace, spec }, facts, job);
}

interface Report {
  task: TaskResource;
  outcome: Outcome;
  clusterUid: string | undefined;
}

/** One write, and only when something changed. */
async function report<T extends TaskResource & KubeObject>(
  { client, events, now }: TaskDeps,
  { resource }: TaskKind<T>,
  { task, outcome, clusterUid }: Report,
  signal: AbortSignal,
): Promise<void> {
  const status = buildTaskStatus(task, outcome, { nowMs: now(), clusterUid });
  if (isDeepStrictEqual(task.status, status)) return;
  const { name, namespace, uid } = task.metadata;
  try {
    const manifest = { metadata: { name, namespace, uid }, status };
    await client.apply(resource as Resource<KubeObject>, manifest, { fieldManager: managerName, subresource: 'status', signal });
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
