import { type BackupPlace, backupPlace, folderIn } from '@chatcluster/cdk8s/manifests/backup';
import type { ChatClusterBackup } from '../api/index.ts';
import { planRelease } from '../decide/release.ts';
import type { Observed } from '../gather/observed.ts';
import { missingSecret, type Plan, stuck, type TaskObserved, wait } from './plan.ts';

export function planBackup({ task, world }: TaskObserved<ChatClusterBackup>): Plan {
  const { name } = task.spec.clusterRef;
  const { namespace } = task.metadata;
  if (world === undefined || world.cluster.metadata.deletionTimestamp) {
    return stuck('ClusterNotFound', `There is no ChatCluster ${name} in namespace ${namespace}. Create it, or delete this.`);
  }
  const place = placeOf(task, world);
  if (place === undefined) {
    return stuck('NoTarget', `The ChatCluster ${name} has no spec.backup. Write one there, or make a ChatClusterBackup with spec.target.`);
  }
  const missing = missingSecret(place, world.secrets, namespace);
  if (missing !== undefined) return stuck('SecretMissing', missing);
  const { effective } = planRelease(world);
  if (effective === undefined)
    return wait('WaitingForMigration', `The database of ${name} is not migrated yet: there is nothing to back up.`);
  return { state: 'run', place, version: effective, isElsewhere: task.spec.target !== undefined };
}

function placeOf({ spec: { target } }: ChatClusterBackup, { cluster, spec }: Observed): BackupPlace | undefined {
  if (target === undefined) return backupPlace({ ...cluster.metadata, spec });
  const { s3, volume } = target;
  if (s3) return { s3: { ...s3, prefix: folderIn(s3.prefix, cluster.metadata) } };
  return volume && { volume };
}
