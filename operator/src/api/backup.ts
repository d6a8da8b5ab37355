import { exactlyOne } from './common.ts';
import { type Column, type CustomResourceDefinition, defineCrd, type GROUP, type VERSION } from './definition.ts';
import { check, type OutputOf, record, required, whole } from './schema.ts';
import { s3 } from './spec-data.ts';
import type { StoredMeta } from './stored-meta.ts';
import { clusterRef, rootOf, statusFields, unchanged, volume } from './task.ts';

export const BACKUP_KIND = 'ChatClusterBackup';

export const spec = check(
  record('What to back up, and where to. It cannot change: make another one.', {
    clusterRef: required(clusterRef('The ChatCluster, in the same namespace.')),
    target: check(
      record(
        'Where the backup goes: exactly one of s3, volume. When absent, beside the regular ones of the ChatCluster (its spec.backup.target), whose retention then removes it with them. Elsewhere nothing removes it.',
        { s3: s3('A bucket. The backup lies in its folder prefix/namespace/name of the ChatCluster.', {}), volume },
      ),
      exactlyOne(['s3', 'volume'], 'write exactly one of s3, volume, or leave out target'),
    ),
  }),
  unchanged('a ChatClusterBackup is done once: make another one with another name'),
);

export const status = record('What became of it.', {
  ...statusFields,
  bytes: whole('Size of the backup as it is stored.', 0, Number.MAX_SAFE_INTEGER),
});

export type ChatClusterBackupSpec = OutputOf<typeof spec>;
export type BackupStatus = OutputOf<typeof status>;

export interface ChatClusterBackup {
  apiVersion: `${typeof GROUP}/${typeof VERSION}`;
  kind: typeof BACKUP_KIND;
  metadata: StoredMeta;
  spec: ChatClusterBackupSpec;
  status?: BackupStatus;
}

const columns: Column[] = [
  { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
  { name: 'Cluster', type: 'string', jsonPath: '.spec.clusterRef.name' },
  { name: 'Rows', type: 'integer', jsonPath: '.status.rows' },
  { name: 'Bytes', type: 'integer', jsonPath: '.status.bytes' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Backup', type: 'string', jsonPath: '.status.backup', priority: 1 },
  { name: 'Location', type: 'string', jsonPath: '.status.location', priority: 1 },
  { name: 'Message', type: 'string', jsonPath: '.status.message', priority: 1 },
];

export function chatClusterBackupCrd(): CustomResourceDefinition {
  return defineCrd({
    kind: BACKUP_KIND,
    plural: 'chatclusterbackups',
    shortName: 'ccb',
    categories: ['chat'],
    root: rootOf({
      kind: BACKUP_KIND,
      description: 'One backup of a ChatCluster, made now. Deleting it deletes its Job and never the backup.',
      spec: spec.schema,
      status: status.schema,
    }),
    columns,
  });
}
