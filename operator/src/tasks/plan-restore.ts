import type { ChatClusterBackup, ChatClusterRestore, TaskPlace } from '../api/index.ts';
import { activeRestore, isMigration, isNew, isRestored } from '../decide/restores.ts';
import type { Observed } from '../gather/observed.ts';
import { missingSecret, type Plan, refuse, stuck, type TaskObserved, type Verdict, wait } from './plan.ts';

export interface RestoreObserved extends TaskObserved<ChatClusterRestore> {
  /** The ChatClusterBackup that it names, if it is there. */
  backup: ChatClusterBackup | undefined;
}

export function planRestore(observed: RestoreObserved): Plan {
  const { task, world } = observed;
  const { name } = task.spec.clusterRef;
  const { namespace } = task.metadata;
  if (world === undefined || world.cluster.metadata.deletionTimestamp) {
    return wait('WaitingForCluster', `There is no ChatCluster ${name} in namespace ${namespace} yet. Create the one to restore into.`);
  }
  if (!isNew(world) || isRestored(world)) {
    const message = `The ChatCluster ${name} has a chat already, and a restore never overwrites one. Make a ChatClusterRestore that names a new ChatCluster.`;
    return refuse('ClusterNotNew', message);
  }
  return turnOf(task, world) ?? readinessOf(world) ?? sourceOf(observed, world);
}

function turnOf(task: ChatClusterRestore, { restores }: Observed): Verdict | undefined {
  const active = activeRestore(restores);
  if (active === undefined || active.metadata.uid === task.metadata.uid) return undefined;
  return wait('WaitingForAnother', `The ChatClusterRestore ${active.metadata.name} names the same ChatCluster and goes first.`);
}

/** A Job that runs before there is a database would use up its attempts. */
function readinessOf({ cluster, spec, children, pods }: Observed): Verdict | undefined {
  const { name } = cluster.metadata;
  if (spec.paused) return wait('Paused', `The ChatCluster ${name} is paused: set its spec.paused to false.`);
  const isMigrating = [...children.values()].some(isMigration) || pods.some(({ component }) => component === 'migrate');
  if (isMigrating) return wait('StoppingMigration', `The ChatCluster ${name} had begun without this; its migration is stopped.`);
  const ready = cluster.status?.conditions?.find(({ type }) => type === 'DatabaseReady');
  if (ready === undefined || ready.status === 'False')
    return wait('WaitingForDatabase', ready?.message ?? `The ChatCluster ${name} is made.`);
  return undefined;
}

function sourceOf({ task, backup }: RestoreObserved, { secrets, spec, settings }: Observed): Plan {
  const { source } = task.spec;
  const { namespace } = task.metadata;
  const found = source.backupRef ? ofBackup(source.backupRef.name, backup) : { place: placeOf(source), backup: source.backup };
  if ('state' in found) return found;
  const missing = missingSecret(found.place, secrets, namespace);
  if (missing !== undefined) return stuck('SecretMissing', missing);
  const version = spec.version ?? settings.version;
  return { state: 'run', place: found.place, version, ...(found.backup !== undefined && { backup: found.backup }) };
}

function placeOf({ s3, volume }: ChatClusterRestore['spec']['source']): TaskPlace {
  if (s3) return { s3: { ...s3, prefix: s3.prefix?.replace(/^\/+|\/+$/g, '') ?? '' } };
  return volume ? { volume } : {};
}

function ofBackup(name: string, backup: ChatClusterBackup | undefined): Verdict | { place: TaskPlace; backup: string } {
  if (backup === undefined) return wait('WaitingForBackup', `There is no ChatClusterBackup ${name} yet; it is waited for.`);
  const { phase, place, backup: folder, message } = backup.status ?? {};
  if (phase === 'Failed') {
    return stuck('BackupFailed', `The ChatClusterBackup ${name} failed: ${message} Make a ChatClusterRestore that names another.`);
  }
  if (phase !== 'Succeeded' || place === undefined || folder === undefined) {
    return wait('WaitingForBackup', `The ChatClusterBackup ${name} is not complete yet; it is waited for.`);
  }
  return { place, backup: folder };
}
