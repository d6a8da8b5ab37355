import { type Column, type CustomResourceDefinition, defineCrd, GROUP, VERSION } from './definition.ts';
import { type JsonSchema } from './schema.ts';
import { spec } from './spec.ts';
import { status } from './status.ts';

export const KIND = 'ChatCluster';
export const PLURAL = 'chatclusters';

/** Longest name: the longest name made from it, `<name>-migrate-<hash>`, must still be a label value. */
const NAME_MAX = 40;

function condition(type: string, field: string): string {
  return `.status.conditions[?(@.type=="${type}")].${field}`;
}

const printerColumns: Column[] = [
  { name: 'Ready', type: 'string', jsonPath: condition('Ready', 'status') },
  { name: 'Reason', type: 'string', jsonPath: condition('Ready', 'reason') },
  { name: 'Replicas', type: 'string', jsonPath: '.status.pods', description: 'Ready and wanted realtime pods' },
  { name: 'Connections', type: 'integer', jsonPath: '.status.connections' },
  { name: 'Version', type: 'string', jsonPath: '.status.version' },
  { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  { name: 'Database', type: 'string', jsonPath: '.status.database.state', priority: 1 },
  { name: 'Redis', type: 'string', jsonPath: '.status.redis.state', priority: 1 },
  { name: 'URL', type: 'string', jsonPath: '.status.url', priority: 1 },
];

function nameOf(self: unknown): string {
  return (self as { metadata: { name: string } }).metadata.name;
}

/** Of the whole object. */
export const root: JsonSchema = {
  type: 'object',
  description: 'A chat service: its realtime, api and worker pods, and what they need.',
  required: ['spec'],
  properties: {
    apiVersion: { type: 'string', description: `${GROUP}/${VERSION}` },
    kind: { type: 'string', description: KIND },
    metadata: { type: 'object', properties: { name: { type: 'string' } } },
    spec: spec.schema,
    status: status.schema,
  },
  'x-kubernetes-validations': [
    {
      rule: `self.metadata.name.size() <= ${NAME_MAX}`,
      holds: (self) => nameOf(self).length <= NAME_MAX,
      message: `the name must have at most ${NAME_MAX} characters, since names of pods are made from it: write a shorter one`,
      fieldPath: '.metadata.name',
    },
    {
      rule: "!self.metadata.name.contains('.') && self.metadata.name.matches('^[a-z]')",
      holds: (self) => /^[a-z][^.]*$/.test(nameOf(self)),
      message: 'the name must begin with a letter and have no dots, since names of Services are made from it: write one such as team-chat',
      fieldPath: '.metadata.name',
    },
  ],
};

export function chatClusterCrd(): CustomResourceDefinition {
  return defineCrd({
    kind: KIND,
    plural: PLURAL,
    shortName: 'cc',
    categories: ['all', 'chat'],
    root,
    columns: printerColumns,
    subresources: {
      scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas', labelSelectorPath: '.status.selector' },
    },
  });
}
