import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { defaultLimits } from '@chatcluster/protocol/limits';
import { generateApiFiles } from './generate.ts';
import { listCrds, withDefaults } from './index.ts';
import type { JsonSchema } from './schema.ts';
import { limitFields } from './spec-settings.ts';

function visit(schema: JsonSchema, path: string, look: (schema: JsonSchema, path: string) => void): void {
  look(schema, path);
  for (const [name, field] of Object.entries(schema.properties ?? {})) visit(field, `${path}.${name}`, look);
  if (schema.items) visit(schema.items, `${path}[]`, look);
  if (schema.additionalProperties) visit(schema.additionalProperties, `${path}{}`, look);
}

/** Where a person, or the memory of the API server, would meet something without an end. */
function isBounded(schema: JsonSchema): boolean {
  if (schema.enum || schema['x-kubernetes-int-or-string']) return schema.enum !== undefined || schema.pattern !== undefined;
  if (schema.type === 'string') return schema.maxLength !== undefined || schema.format === 'date-time';
  if (schema.type === 'integer') return schema.minimum !== undefined && schema.maximum !== undefined;
  if (schema.type === 'array') return schema.maxItems !== undefined;
  return schema.type === 'boolean' || schema.properties !== undefined || schema.maxProperties !== undefined;
}

test('describes and bounds every field', () => {
  for (const { metadata, spec: crd } of listCrds()) {
    const [{ schema }] = crd.versions as [{ schema: { openAPIV3Schema: JsonSchema } }];
    for (const part of ['spec', 'status']) {
      visit(schema.openAPIV3Schema.properties?.[part] ?? {}, `${metadata.name}: ${part}`, (field, path) => {
        assert.ok(isBounded(field), `${path} has no bounds`);
        if (!/(\[\]|\{\})$/.test(path)) assert.match(field.description ?? '', /^.{4,}$/, `${path} is not described`);
      });
    }
  }
});

test('each CRD stays below 60 KB, so that a plain kubectl apply takes it', () => {
  const crds = generateApiFiles().filter(({ path }) => path.endsWith('.yaml'));
  assert.equal(crds.length, 3);
  for (const { path, text } of crds) assert.ok(Buffer.byteLength(text) < 60_000, `${path}: ${Buffer.byteLength(text)} bytes`);
});

test('the generated files are those of the schema', () => {
  for (const { path, text } of generateApiFiles()) {
    assert.equal(readFileSync(join(import.meta.dirname, '../../..', path), 'utf8'), text, `${path} is old; run: make gen`);
  }
});

test('names every limit of the server but the one that a role has, with the default that it says', () => {
  const { socketsPerPod: _ofTheRole, ...limits } = defaultLimits;
  const said = Object.entries(limitFields).map(([name, { schema }]) => [
    name,
    Number(/Absent: (\d+)\.$/.exec(schema.description ?? '')?.[1]),
  ]);
  assert.deepEqual(Object.fromEntries(said), limits);
  assert.equal(withDefaults({ database: {}, redis: {} }).roles.realtime.maxConnections, defaultLimits.socketsPerPod);
});

test('defaults are those of the documentation', () => {
  const resolved = withDefaults({ database: { evaluation: {} }, redis: { managed: {} } });
  assert.equal(resolved.autoscaling.engine, 'Operator');
  assert.deepEqual(resolved.shutdown, { preStopSeconds: 5, drainSeconds: 60, terminationGracePeriodSeconds: 90 });
  assert.equal(resolved.database.evaluation?.storage.size, '1Gi');
  assert.equal(resolved.database.deletionPolicy, 'Retain');
  assert.equal(resolved.database.external, undefined);
});

test('what was given is not changed and not shared', () => {
  const given = { database: { evaluation: {} }, redis: { managed: {} } };
  const resolved = withDefaults(given);
  assert.deepEqual(given, { database: { evaluation: {} }, redis: { managed: {} } });
  resolved.access.allowedOrigins.push('https://example.com');
  assert.deepEqual(withDefaults(given).access.allowedOrigins, []);
});
