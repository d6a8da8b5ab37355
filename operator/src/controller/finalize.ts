import { names } from '@chatcluster/cdk8s/names';
import type { ChatCluster } from '../api/index.ts';
import { deleteChild } from '../apply/apply-all.ts';
import { removeSecrets } from '../apply/generated-secrets.ts';
import { ownershipOf } from '../apply/ownership.ts';
import { type Observed, serverRoles } from '../gather/observed.ts';
import type { KubeClient } from '../runtime/client-types.ts';
import { isConflict, isNotFound } from '../runtime/errors.ts';
import type { ReconcileDeps } from './deps.ts';
import { chatClusters, managerName } from './kinds.ts';

export const finalizer = 'chatcluster.dev/drain';
/** Beyond the grace period, for a kubelet that is slow or gone. */
const patienceMs = 30_000;

export function hasFinalizer({ metadata }: ChatCluster): boolean {
  return metadata.finalizers?.includes(finalizer) ?? false;
}

/** `uid`: if the object was deleted meanwhile, the apply must not make another one. */
export async function setFinalizer(client: KubeClient, { metadata }: ChatCluster, wanted: boolean, signal: AbortSignal): Promise<void> {
  const { name, namespace, uid } = metadata;
  const manifest = { metadata: { name, namespace, uid, ...(wanted && { finalizers: [finalizer] }) } };
  try {
    await client.apply(chatClusters, manifest, { fieldManager: `${managerName}-finalizer`, signal });
  } catch (error) {
    if (wanted || !(isNotFound(error) || isConflict(error))) throw error;
  }
}

/**
 * Pods of the server go first and drain while Postgres and Redis still answer; then data, where deletionPolicy says so;
 * the garbage collector takes the rest.
 */
export async function finalize(deps: ReconcileDeps, observed: Observed, signal: AbortSignal): Promise<{ requeueAfterMs?: number }> {
  const { cluster, children, pods, spec, nowMs } = observed;
  if (!hasFinalizer(cluster)) return {};
  const own = names(cluster.metadata);
  const stops = new Set([
    ...serverRoles.map((role) => `Deployment/${own[role]}`),
    `HorizontalPodAutoscaler/${own.realtime}`,
    `ScaledObject/${own.realtime}`,
  ]);
  for (const [id, child] of children) {
    const isOurs = ownershipOf(child, cluster.metadata) === 'ours' && !child.metadata.deletionTimestamp;
    if (isOurs && (stops.has(id) || child.kind === 'Job')) await deleteChild({ client: deps.client, signal }, child);
  }
  const deadlineMs =
    Date.parse(cluster.metadata.deletionTimestamp ?? '') + spec.shutdown.terminationGracePeriodSeconds * 1_000 + patienceMs;
  const isDraining =
    pods.some(({ component }) => serverRoles.some((role) => role === component)) || [...children.keys()].some((id) => stops.has(id));
  if (isDraining && nowMs < deadlineMs) return { requeueAfterMs: Math.min(5_000, deadlineMs - nowMs) };
  if (spec.database.deletionPolicy === 'Delete') await removeData(deps, observed, signal);
  await setFinalizer(deps.client, cluster, false, signal);
  return {};
}

async function removeData(deps: ReconcileDeps, observed: Observed, signal: AbortSignal): Promise<void> {
  for (const child of observed.children.values()) {
    // Backups are for the day after, whatever deletionPolicy says.
    const isBackups = child.metadata.name === names(observed.cluster.metadata).backups;
    const isData = (child.kind === 'PersistentVolumeClaim' && !isBackups) || child.kind === 'Cluster';
    if (isData && ownershipOf(child, observed.cluster.metadata) === 'ours' && !child.metadata.deletionTimestamp) {
      await deleteChild({ client: deps.client, signal }, child);
    }
  }
  await removeSecrets(deps.client, observed, signal);
}
