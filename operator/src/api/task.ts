import { GROUP, VERSION } from './definition.ts';
import { type CelRule, choice, type JsonSchema, type OutputOf, record, required, text, whole } from './schema.ts';
import { s3 } from './spec-data.ts';
import { conditions, time } from './status.ts';

/** What ChatClusterBackup and ChatClusterRestore share: both are one task, done once. */

/** Longest name: that of the Job is made from it, and must still be a label value. */
const NAME_MAX = 40;

export const taskConditionTypes = ['Ready', 'Complete', 'Reconciling', 'Stalled'] as const;
export type TaskConditionType = (typeof taskConditionTypes)[number];

export function clusterRef(description: string) {
  return record(description, { name: required(text('Its name.', { max: 40 })) });
}

export const volume = record('A volume: a PersistentVolumeClaim of this namespace that exists.', {
  claimName: required(text('Its name; the one of spec.backup of a ChatCluster is <name>-backups.')),
});

/** What was made once does not change. */
export function unchanged(message: string): CelRule {
  return { rule: 'self == oldSelf', message, reason: 'FieldValueForbidden' };
}

const size = (description: string) => whole(description, 0, Number.MAX_SAFE_INTEGER);

const place = record('Where the backups lie, as the Job was told.', {
  s3: s3('A bucket; prefix is the whole folder.', {}),
  volume,
});
export type TaskPlace = OutputOf<typeof place>;

/** Of both; in the order of `kubectl explain`. */
export const statusFields = {
  observedGeneration: size('The generation of the spec that this status is about.'),
  phase: choice('How far it is. Succeeded and Failed are final.', ['Pending', 'Running', 'Succeeded', 'Failed']),
  message: text('What happened, and what to do next, for a person.', { max: 4_096, min: 0 }),
  clusterUid: text('The uid of the ChatCluster that it is about.', { max: 64 }),
  job: text('The Job that does it; its log tells more.'),
  place,
  backup: text('Name of the backup: the folder that holds it.', { max: 128 }),
  location: text('Where the backup lies, without secrets.', { max: 1_024 }),
  startedAt: time('When the Job was made.'),
  completedAt: time('When it ended.'),
  rows: size('Rows of all tables together.'),
  conversations: size('Conversations whose highest number was noted, or checked.'),
  conditions,
};

function nameOf(self: unknown): string {
  return (self as { metadata: { name: string } }).metadata.name;
}

interface Parts {
  kind: string;
  description: string;
  spec: JsonSchema;
  status: JsonSchema;
}

/** Of the whole object. */
export function rootOf({ kind, description, spec, status }: Parts): JsonSchema {
  return {
    type: 'object',
    description,
    required: ['spec'],
    properties: {
      apiVersion: { type: 'string', description: `${GROUP}/${VERSION}` },
      kind: { type: 'string', description: kind },
      metadata: { type: 'object', properties: { name: { type: 'string' } } },
      spec,
      status,
    },
    'x-kubernetes-validations': [
      {
        rule: `self.metadata.name.size() <= ${NAME_MAX} && !self.metadata.name.contains('.')`,
        holds: (self) => nameOf(self).length <= NAME_MAX && !nameOf(self).includes('.'),
        message: `the name must have at most ${NAME_MAX} characters and no dots, since names of pods are made from it: write a shorter one`,
        fieldPath: '.metadata.name',
      },
    ],
  };
}
