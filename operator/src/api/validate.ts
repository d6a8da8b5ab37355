import { root } from './crd.ts';
import { applyDefaults, type JsonSchema } from './schema.ts';

/**
 * What the API server would refuse, in the same words: for people who render manifests without one. Rules about changes
 * cannot be checked without what was there before.
 */
export function validateChatCluster(object: unknown): string[] {
  if (typeof object !== 'object' || object === null) return ['write a ChatCluster: apiVersion, kind, metadata, spec'];
  const { metadata, spec } = object as { metadata?: { name?: unknown }; spec?: unknown };
  if (typeof metadata?.name !== 'string') return ['metadata.name: Required value: write a name such as chat'];
  const types = findTypeErrors(root.properties!.spec!, spec, 'spec');
  if (types.length > 0) return types;
  const { status: _status, ...properties } = root.properties!;
  const schema = { ...root, properties };
  return findBrokenRules(schema, { ...object, spec: applyDefaults(properties.spec!, spec) }, '');
}

const wanted: Record<string, (value: unknown) => boolean> = {
  object: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  array: Array.isArray,
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  integer: Number.isInteger,
};

function findTypeErrors(schema: JsonSchema, value: unknown, path: string): string[] {
  if (schema['x-kubernetes-int-or-string']) {
    const isGood = Number.isInteger(value) || (typeof value === 'string' && new RegExp(schema.pattern ?? '').test(value));
    return isGood ? [] : [`${path}: Invalid value: ${JSON.stringify(value)}: write a number, or text that matches ${schema.pattern}`];
  }
  const type = schema.type ?? 'object';
  if (!wanted[type]?.(value)) return [`${path}: Invalid value: ${JSON.stringify(value) ?? 'nothing'}: must be of type ${type}`];
  const bounds = findOutOfBounds(schema, value);
  if (bounds !== undefined) return [`${path}: Invalid value: ${JSON.stringify(value)}: ${bounds}`];
  if (Array.isArray(value)) {
    const errors = value.flatMap((item, index) => findTypeErrors(schema.items ?? {}, item, `${path}[${index}]`));
    return errors.length > 0 ? errors : findDuplicates(schema, value as Record<string, unknown>[], path);
  }
  return type === 'object' ? findFieldErrors(schema, value as Record<string, unknown>, path) : [];
}

/** In a list that is a map of its keys. */
function findDuplicates(schema: JsonSchema, items: Record<string, unknown>[], path: string): string[] {
  const keys = schema['x-kubernetes-list-map-keys'];
  if (keys === undefined) return [];
  const ids = items.map((item) => JSON.stringify(Object.fromEntries(keys.map((key) => [key, item[key]]))));
  return ids.flatMap((id, index) => (ids.indexOf(id) < index ? [`${path}[${index}]: Duplicate value: ${id}`] : []));
}

function findFieldErrors(schema: JsonSchema, value: Record<string, unknown>, path: string): string[] {
  const missing = (schema.required ?? []).filter((name) => value[name] === undefined || value[name] === null);
  const present = Object.entries(value).filter(([, field]) => field !== undefined && field !== null);
  return [
    ...missing.map((name) => `${path}.${name}: Required value: ${schema.properties?.[name]?.description ?? ''}`),
    ...present.flatMap(([name, field]) => {
      const known = schema.properties?.[name] ?? schema.additionalProperties;
      return known ? findTypeErrors(known, field, `${path}.${name}`) : [`unknown field "${path}.${name}"`];
    }),
  ];
}

function findOutOfBounds(schema: JsonSchema, value: unknown): string | undefined {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems, maxProperties } = schema;
  if (schema.enum && !schema.enum.includes(String(value))) return `supported values: ${schema.enum.join(', ')}`;
  const size = sizeOf(value);
  const [least, most] = typeof value === 'number' ? [minimum, maximum] : [minLength ?? minItems, maxLength ?? maxItems ?? maxProperties];
  if (least !== undefined && size < least) return `must be at least ${least}`;
  if (most !== undefined && size > most) return `must be at most ${most}`;
  return undefined;
}

/** Code points count, as for the API server. */
function sizeOf(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'string') return [...value].length;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}

function findBrokenRules(schema: JsonSchema, value: unknown, path: string): string[] {
  const broken = (schema['x-kubernetes-validations'] ?? []).filter((rule) => rule.holds?.(value) === false);
  const own = broken.map(({ fieldPath = '', message }) => `${`${path}${fieldPath}`.replace(/^\./, '')}: Invalid value: ${message}`);
  if (Array.isArray(value))
    return [...own, ...value.flatMap((item, index) => findBrokenRules(schema.items ?? {}, item, `${path}[${index}]`))];
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    const below = (value as Record<string, unknown>)[name];
    return below === undefined || below === null ? [] : findBrokenRules(field, below, path === '' ? name : `${path}.${name}`);
  });
  return [...own, ...fields];
}
