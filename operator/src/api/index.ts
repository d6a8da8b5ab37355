import type { KIND } from './crd.ts';
import type { GROUP, VERSION } from './definition.ts';
import { applyDefaults } from './schema.ts';
import { type ChatClusterSpec, type ResolvedSpec, spec } from './spec.ts';
import type { ChatClusterStatus } from './status.ts';
import type { StoredMeta } from './stored-meta.ts';

export { listCrds } from './crds.ts';
export { chatClusterCrd, KIND, PLURAL } from './crd.ts';
export { type CustomResourceDefinition, GROUP, VERSION } from './definition.ts';
export { BACKUP_KIND, type BackupStatus, type ChatClusterBackup, type ChatClusterBackupSpec } from './backup.ts';
export { type ChatClusterRestore, type ChatClusterRestoreSpec, RESTORE_KIND, type RestoreStatus } from './restore.ts';
export { type TaskConditionType, taskConditionTypes, type TaskPlace } from './task.ts';
export type { ChatClusterSpec, ResolvedSpec } from './spec.ts';
export { type ChatClusterStatus, type Condition, type ConditionType, conditionTypes } from './status.ts';

/** A ChatCluster as the API server gives it. */
export interface ChatCluster {
  apiVersion: `${typeof GROUP}/${typeof VERSION}`;
  kind: typeof KIND;
  metadata: StoredMeta;
  spec: ChatClusterSpec;
  status?: ChatClusterStatus;
}

/** The same defaults as the API server applies; for specs that it has not seen, or stored before a default existed. */
export function withDefaults(given: ChatClusterSpec): ResolvedSpec {
  return applyDefaults(spec.schema, given) as ResolvedSpec;
}
