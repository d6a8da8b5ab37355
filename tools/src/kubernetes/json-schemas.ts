import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Schema {
  $ref?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: unknown;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[];
  [field: string]: unknown;
}
type Schemas = Record<string, Schema>;

const prefix = '#/components/schemas/';

/** For `kubeconform -schema-location`, with the folder before it. */
export const schemaLocation = '{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json';

/** What the API server drops, or refuses where it is asked to be strict, must not pass here either. */
function closed(schema: Schema): Schema {
  const isOpen = schema.additionalProperties !== undefined || schema['x-kubernetes-preserve-unknown-fields'] === true;
  return schema.properties && !isOpen ? { ...schema, additionalProperties: false } : schema;
}

/** The schema with all that it refers to, in itself. */
function standalone(schemas: Schemas, name: string): object {
  const definitions: Schemas = {};
  const follow = (ref: string): string => {
    const to = ref.slice(prefix.length);
    if (!definitions[to]) {
      // Before its fields are looked at: some refer to themselves.
      definitions[to] = {};
      definitions[to] = rewrite(schemas[to]) as Schema;
    }
    return `#/definitions/${to}`;
  };
  const rewrite = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rewrite);
    if (typeof value !== 'object' || value === null) return value;
    const schema = closed(value as Schema);
    if (typeof schema.$ref === 'string') return { $ref: follow(schema.$ref) };
    return Object.fromEntries(Object.entries(schema).map(([key, field]) => [key, rewrite(field)]));
  };
  return { ...(rewrite(schemas[name]) as object), definitions };
}

function findByKind(schemas: Schemas, { group, version, kind }: { group: string; version: string; kind: string }): string | undefined {
  return Object.keys(schemas).find((name) =>
    schemas[name]!['x-kubernetes-group-version-kind']?.some(
      (found) => found.group === group && found.version === version && found.kind === kind,
    ),
  );
}

export interface JsonSchemaOptions {
  /** Parsed body of a path of the API server. */
  get: (path: string) => Promise<unknown>;
  dir: string;
  kinds: readonly { apiVersion: string; kind: string }[];
}

/**
 * JSON schemas of kinds as one API server knows them, one file each, from its own `/openapi/v3`: those that kubeconform would
 * fetch are not of this version, know no resource of ours, and need a network. Throws when a kind is not served.
 */
export async function writeJsonSchemas({ get, dir, kinds }: JsonSchemaOptions): Promise<void> {
  const { paths } = (await get('/openapi/v3')) as { paths: Record<string, { serverRelativeURL: string }> };
  for (const [apiVersion, wanted] of Map.groupBy(kinds, (one) => one.apiVersion)) {
    const [version = '', group = ''] = apiVersion.split('/').toReversed();
    const path = paths[group === '' ? `api/${version}` : `apis/${apiVersion}`]?.serverRelativeURL;
    if (path === undefined) throw new Error(`the API server does not serve ${apiVersion}`);
    const { components } = (await get(path)) as { components: { schemas: Schemas } };
    for (const kind of new Set(wanted.map((one) => one.kind))) {
      const name = findByKind(components.schemas, { group, version, kind });
      if (name === undefined) throw new Error(`the API server does not serve ${apiVersion} ${kind}`);
      const file = join(dir, group || version, `${kind.toLowerCase()}_${version}.json`);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, JSON.stringify(standalone(components.schemas, name)));
    }
  }
}
