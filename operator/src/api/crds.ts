import { chatClusterBackupCrd } from './backup.ts';
import { chatClusterCrd } from './crd.ts';
import type { CustomResourceDefinition } from './definition.ts';
import { chatClusterRestoreCrd } from './restore.ts';

/** Of everything that the operator acts on. */
export function listCrds(): CustomResourceDefinition[] {
  return [chatClusterCrd(), chatClusterBackupCrd(), chatClusterRestoreCrd()];
}
