import { childId, ownedKindOf } from '../controller/kinds.ts';
import type { Desired } from '../desired/render.ts';
import type { Observed, Problem } from '../gather/observed.ts';
import { isNotFound } from '../runtime/errors.ts';
import type { KubeObject } from '../runtime/object.ts';
import { type ApplyDeps, applyObject, type Outcome } from './apply-object.ts';
import { ownershipOf } from './ownership.ts';

export interface Applied {
  /** Of this pass. */
  written: KubeObject[];
  problems: Problem[];
  /** Objects that have to go first. */
  waiting: string[];
  /** What a later try may mend; one object that fails does not keep the others back. */
  errors: unknown[];
}

/** So that a pod finds what it mounts, and the network is closed before anything runs. */
const order = [
  'ServiceAccount',
  'ConfigMap',
  'NetworkPolicy',
  'PersistentVolumeClaim',
  'Service',
  'StatefulSet',
  'Cluster',
  'Job',
  'CronJob',
  'Deployment',
];

export async function applyAll(deps: ApplyDeps, observed: Observed, desired: Desired): Promise<Applied> {
  const { namespace, name, uid } = observed.cluster.metadata;
  const key = `${namespace}/${name}`;
  const applied: Applied = { written: [], problems: [], waiting: [], errors: [] };
  const rank = (kind: string) => (order.includes(kind) ? order.indexOf(kind) : order.length);
  for (const object of [...desired.objects].sort((a, b) => rank(a.kind) - rank(b.kind))) {
    const id = childId(object);
    const target = { key, owner: { name, uid }, object, child: observed.children.get(id) };
    try {
      note(applied, id, await applyObject(deps, target));
    } catch (error) {
      if (deps.signal.aborted) throw error;
      applied.errors.push(error);
    }
  }
  await prune(deps, observed, { desired, applied });
  return applied;
}

function note(applied: Applied, id: string, outcome: Outcome): void {
  switch (outcome.state) {
    case 'same':
      return;
    case 'written':
      applied.written.push(outcome.object);
      return;
    case 'waiting':
      applied.waiting.push(id);
      return;
    case 'foreign':
      applied.problems.push({ about: 'objects', reason: 'ForeignObject', message: outcome.message });
      return;
    case 'refused':
      applied.problems.push({ about: 'objects', reason: 'ApplyRefused', message: outcome.message });
      return;
    default: {
      const never: never = outcome;
      return never;
    }
  }
}

/** What is ours and no longer wanted goes, except data. */
async function prune(
  { client, signal }: ApplyDeps,
  observed: Observed,
  { desired, applied }: { desired: Desired; applied: Applied },
): Promise<void> {
  const wanted = new Set([...desired.objects.map(childId), ...desired.kept]);
  const owner = observed.cluster.metadata;
  for (const [id, child] of observed.children) {
    if (wanted.has(id) || child.metadata.deletionTimestamp || isData(child) || ownershipOf(child, owner) !== 'ours') continue;
    try {
      await deleteChild({ client, signal }, child);
    } catch (error) {
      if (signal.aborted) throw error;
      applied.errors.push(error);
    }
  }
}

/** Volumes and database clusters only go with their ChatCluster, and only when it says so. */
function isData({ kind }: KubeObject): boolean {
  return kind === 'PersistentVolumeClaim' || kind === 'Cluster';
}

export async function deleteChild({ client, signal }: Pick<ApplyDeps, 'client' | 'signal'>, child: KubeObject): Promise<void> {
  const kind = ownedKindOf(child);
  if (kind === undefined) return;
  const { name, namespace, uid } = child.metadata;
  try {
    await client.delete(kind.resource, { name, ...(namespace && { namespace }) }, { signal, ...(uid && { preconditions: { uid } }) });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
