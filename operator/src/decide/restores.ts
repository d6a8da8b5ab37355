import { names } from '@chatcluster/cdk8s/names';
import type { ChatClusterRestore } from '../api/index.ts';
import { labels } from '../controller/kinds.ts';
import { type Observed, serverRoles } from '../gather/observed.ts';
import { readJob } from './deployment-state.ts';

/** Why a new ChatCluster is not migrated yet. */
export interface RestoreHold {
  reason: 'Restoring' | 'RestoreFailed';
  message: string;
}

/** As far as is known, nothing of a chat was ever in its database. The restore itself looks before it writes. */
export function isNew({ cluster, children }: Observed): boolean {
  const { version, migration } = cluster.status ?? {};
  const own = names(cluster.metadata);
  const hasRun = serverRoles.some((role) => children.has(`Deployment/${own[role]}`));
  const isMigrated = [...children.values()].some((child) => isMigration(child) && readJob(child).state === 'succeeded');
  return version === undefined && migration?.phase !== 'Succeeded' && !hasRun && !isMigrated;
}

export function isMigration({ kind, metadata }: { kind?: string; metadata: { labels?: Record<string, string> } }): boolean {
  return kind === 'Job' && metadata.labels?.[labels.component] === 'migrate';
}

const isOver = ({ status }: ChatClusterRestore) => status?.phase === 'Succeeded' || status?.phase === 'Failed';

/** The one whose turn it is: the oldest that has not ended. */
export function activeRestore(restores: readonly ChatClusterRestore[]): ChatClusterRestore | undefined {
  const waiting = restores.filter((restore) => !isOver(restore));
  const age = ({ metadata }: ChatClusterRestore) => `${metadata.creationTimestamp} ${metadata.name}`;
  return waiting.sort((a, b) => (age(a) < age(b) ? -1 : 1))[0];
}

/** A restore is in its database already. */
export function isRestored({ cluster, restores }: Observed): boolean {
  return restores.some(({ status }) => status?.phase === 'Succeeded' && status.clusterUid === cluster.metadata.uid);
}

/** While a restore that has not ended names a new ChatCluster, its database stays empty for it. */
export function findHold(observed: Observed): RestoreHold | undefined {
  const { uid } = observed.cluster.metadata;
  // What ended for an earlier ChatCluster of this name is no matter of this one.
  const own = observed.restores.filter((restore) => !isOver(restore) || restore.status?.clusterUid === uid);
  if (own.length === 0 || !isNew(observed) || isRestored(observed)) return undefined;
  const active = activeRestore(own);
  if (active) {
    const { metadata, status } = active;
    const detail = status?.message ? ` ${status.message}` : '';
    return { reason: 'Restoring', message: `The chat starts once the ChatClusterRestore ${metadata.name} has succeeded.${detail}` };
  }
  const failed = own.find(({ metadata }) => !metadata.deletionTimestamp);
  if (failed === undefined) return undefined;
  return {
    reason: 'RestoreFailed',
    message: `The ChatClusterRestore ${failed.metadata.name} failed: ${failed.status?.message ?? ''} Make another one, or delete it to begin with an empty chat.`,
  };
}
