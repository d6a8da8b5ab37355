import { GROUP, KIND, VERSION } from './crd.ts';
import type { CelRule, JsonSchema } from './schema.ts';
import { spec } from './spec.ts';
import { conditionTypes, status } from './status.ts';

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

export function referencePage(): string {
  const rules = rulesOf(spec.schema, 'spec').map(({ path, rule }) => `| \`${path}\` | ${escape(rule.message)} |`);
  return `# ${KIND}

Generated from \`operator/src/api\` by \`make gen\`; do not edit. The same text: \`kubectl explain ${KIND.toLowerCase()}.spec\`.

\`apiVersion: ${GROUP}/${VERSION}\`, \`kind: ${KIND}\`, short name \`cc\`. The smallest useful one:

\`\`\`yaml
apiVersion: ${GROUP}/${VERSION}
kind: ${KIND}
metadata: {name: chat}
spec:
  database: {evaluation: {}}
  redis: {managed: {}}
\`\`\`

## spec

${table(spec.schema)}

## What is refused

Names of ${KIND}s have at most 40 characters, begin with a letter and have no dots. Besides types and bounds:

| where | what to write |
|---|---|
${rules.join('\n')}

## status

${table(status.schema)}

Conditions: ${conditionTypes.map((type) => `\`${type}\``).join(', ')}.
`;
}
