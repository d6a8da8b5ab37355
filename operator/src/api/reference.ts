import * as backup from './backup.ts';
import { BACKUP_KIND } from './backup.ts';
import { KIND } from './crd.ts';
import { GROUP, VERSION } from './definition.ts';
import * as restore from './restore.ts';
import { RESTORE_KIND } from './restore.ts';
import type { CelRule, JsonSchema } from './schema.ts';
import { spec } from './spec.ts';
import { conditionTypes, status } from './status.ts';
import { taskConditionTypes } from './task.ts';

function typeOf(schema: JsonSchema): string {
  if (schema['x-kubernetes-int-or-string']) return 'number or text';
  if (schema.enum) return schema.enum.join(' \\| ');
  if (schema.type === 'array') return `list of ${typeOf(schema.items ?? {})}`;
  if (schema.additionalProperties) return `map of ${typeOf(schema.additionalProperties)}`;
  if (schema.type === 'string') return schema.format === 'date-time' ? 'time' : 'text';
  return { object: 'object', integer: 'integer', number: 'number', boolean: 'true or false' }[schema.type ?? 'object'] ?? 'object';
}

function boundsOf(schema: JsonSchema): string {
  if (schema.minimum !== undefined || schema.maximum !== undefined) return `${schema.minimum ?? ''}–${schema.maximum ?? ''}`;
  if (schema.maxItems !== undefined) return `${schema.minItems ?? 0}–${schema.maxItems} items`;
  if (schema.maxProperties !== undefined) return `up to ${schema.maxProperties}`;
  if (schema.maxLength !== undefined && !schema.enum) return `up to ${schema.maxLength} characters`;
  return '';
}

function defaultOf(schema: JsonSchema, isRequired: boolean): string {
  if (isRequired) return '**required**';
  if (schema.default === undefined || JSON.stringify(schema.default) === '{}') return '';
  return `\`${JSON.stringify(schema.default)}\``;
}

function escape(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;');
}

function rows(schema: JsonSchema, path: string): string[] {
  const item = schema.items ?? schema;
  const prefix = schema.items ? `${path}[]` : path;
  return Object.entries(item.properties ?? {}).flatMap(([name, field]) => {
    const at = prefix === '' ? name : `${prefix}.${name}`;
    const cells = [
      `\`${at}\``,
      typeOf(field),
      defaultOf(field, item.required?.includes(name) ?? false),
      boundsOf(field),
      escape(field.description ?? ''),
    ];
    return [`| ${cells.join(' | ')} |`, ...rows(field, at)];
  });
}

function rulesOf(schema: JsonSchema, path: string): { path: string; rule: CelRule }[] {
  const own = (schema['x-kubernetes-validations'] ?? []).map((rule) => ({ path, rule }));
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => rulesOf(field, `${path}.${name}`));
  const items = schema.items ? rulesOf(schema.items, `${path}[]`) : [];
  return [...own, ...fields, ...items];
}

function table(schema: JsonSchema): string {
  return ['| field | type | default | bounds | what it is |', '|---|---|---|---|---|', ...rows(schema, '')].join('\n');
}

interface Page {
  kind: string;
  shortName: string;
  /** A manifest without apiVersion and kind. */
  example: string;
  introduction: string;
  names: string;
  spec: JsonSchema;
  status: JsonSchema;
  conditions: readonly string[];
}

function page({ kind, shortName, example, introduction, names, spec, status, conditions }: Page): string {
  const rules = rulesOf(spec, 'spec').map(({ path, rule }) => `| \`${path}\` | ${escape(rule.message)} |`);
  return `# ${kind}

Generated from \`operator/src/api\` by \`make gen\`; do not edit. The same text: \`kubectl explain ${kind.toLowerCase()}.spec\`.

\`apiVersion: ${GROUP}/${VERSION}\`, \`kind: ${kind}\`, short name \`${shortName}\`. ${introduction}

\`\`\`yaml
apiVersion: ${GROUP}/${VERSION}
kind: ${kind}
${example}
\`\`\`

## spec

${table(spec)}

## What is refused

${names} Besides types and bounds:

| where | what to write |
|---|---|
${rules.join('\n')}

## status

${table(status)}

Conditions: ${conditions.map((type) => `\`${type}\``).join(', ')}.
`;
}

function chatClusterPage(): string {
  const text = page({
    kind: KIND,
    shortName: 'cc',
    introduction: 'The smallest useful one:',
    example: `metadata: {name: chat}
spec:
  database: {evaluation: {}}
  redis: {managed: {}}`,
    names: `Names of ${KIND}s have at most 40 characters, begin with a letter and have no dots.`,
    spec: spec.schema,
    status: status.schema,
    conditions: conditionTypes,
  });
  return `${text}\n[What each of them says, and what to do](conditions.md).\n`;
}

function backupPage(): string {
  return page({
    kind: BACKUP_KIND,
    shortName: 'ccb',
    introduction: 'One backup now, beside the regular ones:',
    example: `metadata: {name: before-upgrade}
spec:
  clusterRef: {name: chat}`,
    names: 'Names have at most 40 characters and no dots.',
    spec: backup.spec.schema,
    status: backup.status.schema,
    conditions: taskConditionTypes,
  });
}

function restorePage(): string {
  return page({
    kind: RESTORE_KIND,
    shortName: 'ccr',
    introduction: 'Into a ChatCluster that is new:',
    example: `metadata: {name: bring-back}
spec:
  clusterRef: {name: chat-2}
  source:
    backupRef: {name: before-upgrade}`,
    names: 'Names have at most 40 characters and no dots.',
    spec: restore.spec.schema,
    status: restore.status.schema,
    conditions: taskConditionTypes,
  });
}

/** By the name of the file. */
export function referencePages(): Record<string, string> {
  return { chatcluster: chatClusterPage(), chatclusterbackup: backupPage(), chatclusterrestore: restorePage() };
}
