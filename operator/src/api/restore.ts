import { exactlyOne, has } from './common.ts';
import { type Column, type CustomResourceDefinition, defineCrd, type GROUP, type VERSION } from './definition.ts';
import { check, type OutputOf, record, required, text, textLike, whole } from './schema.ts';
import { s3 } from './spec-data.ts';
import { time } from './status.ts';
import type { StoredMeta } from './stored-meta.ts';
import { clusterRef, rootOf, statusFields, unchanged, volume } from './task.ts';

export const RESTORE_KIND = 'ChatClusterRestore';

const folder = '^[a-z0-9]([a-z0-9.-]{0,126}[a-z0-9])?$';

const source = check(
  record('What is restored: exactly one of backupRef, s3, volume.', {
    backupRef: record('A ChatClusterBackup of this namespace; it is waited for.', { name: required(text('Its name.', { max: 40 })) }),
    s3: s3(
      'A bucket. Here prefix is the whole folder that holds backups: those of ChatCluster chat in namespace team lie in team/chat, below the prefix of its own spec.',
      {},
    ),
    volume,
    backup: textLike('Name of the backup in s3 or volume; when absent, the newest complete one.', 128, [
      folder,
      'write the name of a backup: lower-case letters, digits, dots and hyphens',
    ]),
  }),
  exactlyOne(['backupRef', 's3', 'volume'], 'write exactly one of backupRef, s3, volume'),
  {
    rule: '!has(self.backup) || !has(self.backupRef)',
    message: 'backupRef names one backup already: leave out backup',
    holds: (self) => !has(self, 'backup') || !has(self, 'backupRef'),
  },
);

export const spec = check(
  record('What to restore, and into which ChatCluster. It cannot change: make another one.', {
    clusterRef: required(
      clusterRef(
        'A new ChatCluster in the same namespace, made at the same time as this or later. It waits for the restore before it starts.',
      ),
    ),
    source: required(source),
  }),
  unchanged('a ChatClusterRestore is done once: make another one with another name'),
);

export const status = record('What became of it.', {
  ...statusFields,
  tables: whole('How many tables were restored.', 0, 100_000),
  takenAt: time('The moment that was restored.'),
});

export type ChatClusterRestoreSpec = OutputOf<typeof spec>;
export type RestoreStatus = OutputOf<typeof status>;

export interface ChatClusterRestore {
  apiVersion: `${typeof GROUP}/${typeof VERSION}`;
  kind: typeof RESTORE_KIND;
  metadata: StoredMeta;
  spec: ChatClusterRestoreSpec;
  status?: RestoreStatus;
}

const columns: Column[] = [
  { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
  { name: 'Cluster', type: 'string', jsonPath: '.spec.clusterRef.name' },
  { name: 'Rows', type: 'integer', jsonPath: '.status.rows' },
  { name: 'Taken', type: 'date', jsonPath: '.status.takenAt', description: 'How old the restored backup is' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Backup', type: 'string', jsonPath: '.status.backup', priority: 1 },
  { name: 'Location', type: 'string', jsonPath: '.status.location', priority: 1 },
  { name: 'Message', type: 'string', jsonPath: '.status.message', priority: 1 },
];

export function chatClusterRestoreCrd(): CustomResourceDefinition {
  return defineCrd({
    kind: RESTORE_KIND,
    plural: 'chatclusterrestores',
    shortName: 'ccr',
    categories: ['chat'],
    root: rootOf({
      kind: RESTORE_KIND,
      description:
        'Brings a backup into a new ChatCluster, which starts once rows and the highest number of every conversation were checked. Deleting it deletes its Job, nothing else.',
      spec: spec.schema,
      status: status.schema,
    }),
    columns,
  });
}
