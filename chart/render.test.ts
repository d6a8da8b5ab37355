import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { renderOperator } from '@chatcluster/cdk8s/operator/render-operator';
import { listCrds } from '@chatcluster/operator/api/index';
import { ownNamespaceRules, secretReaderRules, watchedRules } from '@chatcluster/operator/rbac';
import { parse } from 'yaml';
import { createHelm, find, installed, type Manifest, NAMESPACE } from './_helm.ts';
import { generateChart, toTemplate } from './generate.ts';

const helm = await createHelm();
after(() => helm[Symbol.dispose]());

/** Labels that say who rendered it, and with which chart. */
const ORIGIN = ['app.kubernetes.io/managed-by', 'app.kubernetes.io/version', 'helm.sh/chart'];

function withoutOrigin(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutOrigin);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !ORIGIN.includes(name))
      .map(([name, field]) => [name, withoutOrigin(field)]),
  );
}

const keyOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;

function byKey(manifests: readonly Manifest[]): Record<string, unknown> {
  return Object.fromEntries(manifests.map((manifest) => [keyOf(manifest), withoutOrigin(manifest)]).sort());
}

const version = '0.1.0';
const cases: Record<string, { values: object; options: object; args?: string[] }> = {
  'default values': { values: {}, options: {} },
  'listed namespaces': {
    values: { rbac: { scope: 'namespaces', watchNamespaces: ['a', 'b'] } },
    options: { watchNamespaces: ['a', 'b'] },
  },
  'Secrets of chosen namespaces': { values: { rbac: { secretNamespaces: ['a'] } }, options: { secretNamespaces: ['a'] } },
  'a mirror of the images': {
    values: {
      image: { repository: 'mirror.example.com:5000/operator', pullPolicy: 'Always' },
      imagePullSecrets: [{ name: 'mirror' }],
      defaults: { serverImage: 'mirror.example.com:5000/server', postgresImage: 'm/postgres:1', redisImage: 'm/redis:1' },
    },
    options: {
      image: 'mirror.example.com:5000/operator',
      imagePullPolicy: 'Always',
      imagePullSecrets: ['mirror'],
      serverImage: 'mirror.example.com:5000/server',
      postgresImage: 'm/postgres:1',
      redisImage: 'm/redis:1',
    },
  },
  'one replica, where it runs, and how much it logs': {
    values: {
      replicas: 1,
      logLevel: 'debug',
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ operator: 'Exists' }],
      affinity: { nodeAffinity: {} },
      priorityClassName: 'high',
      resources: { requests: { cpu: '1' } },
    },
    options: {
      replicas: 1,
      logLevel: 'debug',
      nodeSelector: { disk: 'ssd' },
      tolerations: [{ operator: 'Exists' }],
      affinity: { nodeAffinity: {} },
      priorityClassName: 'high',
      // Values are merged with the defaults, options replace them.
      resources: { requests: { cpu: '1', memory: '128Mi' }, limits: { memory: '384Mi' } },
    },
  },
  'a ServiceMonitor when asked, and no NetworkPolicy': {
    values: { monitoring: { serviceMonitor: 'Enabled' }, networkPolicy: { enabled: false } },
    options: { serviceMonitor: true, networkPolicy: false },
  },
  'a ServiceMonitor where the API is there': {
    values: {},
    options: { serviceMonitor: true },
    args: ['--api-versions', 'monitoring.coreos.com/v1/ServiceMonitor'],
  },
};
for (const [sentence, { values, options, args }] of Object.entries(cases)) {
  it(`renders the same as the constructs: ${sentence}`, async () => {
    const ours = installed(await helm.template(values, { args }));
    assert.deepEqual(byKey(ours), byKey(renderOperator({ namespace: NAMESPACE, version, ...options }) as Manifest[]));
  });
}

it('grants exactly what the operator asks for', async () => {
  const manifests = await helm.template();
  assert.deepEqual(find(manifests, 'ClusterRole', 'chatcluster-operator').rules, watchedRules);
  assert.deepEqual(find(manifests, 'ClusterRole', 'chatcluster-operator-secrets').rules, secretReaderRules);
  assert.deepEqual(find(manifests, 'Role').rules, ownNamespaceRules);
});

it('holds the present CRDs, byte for byte in meaning, kept when the chart goes', async () => {
  const manifests = await helm.template();
  for (const { metadata: wanted } of listCrds()) {
    const { metadata, ...crd } = find(manifests, 'CustomResourceDefinition', wanted.name);
    const text = readFileSync(join(import.meta.dirname, `../operator/generated/${wanted.name}.yaml`), 'utf8');
    const { metadata: _, ...expected } = parse(text) as Manifest;
    assert.deepEqual(crd, expected);
    assert.equal(metadata.annotations?.['helm.sh/resource-policy'], 'keep');
  }
});

it('keeps braces of the CRD from being read as a template', () => {
  const crd = `apiVersion: v1\nkind: K\nmetadata: { name: n }\nspec: { message: 'write {{ name }}' }\n`;
  assert.match(toTemplate(crd, 'crd.yaml'), /message: write \{\{ "\{\{" \}\} name \}\}/);
});

it('is generated from what it says it is', () => {
  for (const [path, content] of Object.entries(generateChart())) {
    assert.equal(readFileSync(join(import.meta.dirname, '..', path), 'utf8'), content, `${path} is stale; run: npx node chart/generate.ts`);
  }
});
