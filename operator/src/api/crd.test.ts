import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type ControlPlane, startControlPlane } from '@chatcluster/tools/kubernetes/control-plane';
import { ensureTool } from '@chatcluster/tools/kubernetes/tools';
import { eventually } from '@chatcluster/tools/testing';
import fc from 'fast-check';
import { chatClusterCrd, withDefaults } from './index.ts';
import { objectWith, type RuleCase, ruleCases } from './rule-cases.ts';
import type { JsonSchema } from './schema.ts';
import { spec } from './spec.ts';
import { createTestApi, type TestApi } from './testing.ts';
import { anySpec } from './testing-specs.ts';

const crds = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const clusters = '/apis/chatcluster.dev/v1beta1/namespaces/default/chatclusters';
let plane: ControlPlane;
let api: TestApi;

before(async () => {
  plane = await startControlPlane();
  api = createTestApi(plane.kubeconfig);
  const { status, body } = await api.apply(`${crds}/${chatClusterCrd().metadata.name}`, chatClusterCrd());
  assert.equal(status, 201, String(body.message));
  await eventually(async () => (await api.send('GET', clusters)).status === 200, { message: 'the CRD was not established' });
});

after(async () => {
  api?.[Symbol.dispose]();
  await plane?.stop();
});

const strict = '?fieldValidation=Strict';
const create = (object: object, query = `${strict}&dryRun=All`) => api.send('POST', `${clusters}${query}`, object);

/** The answer to a change from `from`, or to a new object. */
async function attempt({ at, from }: RuleCase, value: unknown): Promise<{ status: number; message: string }> {
  const wanted = objectWith(at, value);
  if (from === undefined) {
    const { status, body } = await create(wanted);
    return { status, message: String(body.message) };
  }
  const name = 'present';
  const stored = await create(objectWith(at, from, name), strict);
  assert.equal(stored.status, 201, String(stored.body.message));
  const changed = { ...(stored.body as object), spec: wanted.spec };
  const { status, body } = await api.send('PUT', `${clusters}/${name}${strict}&dryRun=All`, changed);
  await api.send('DELETE', `${clusters}/${name}`);
  return { status, message: String(body.message) };
}

/** Without the name of the object, which is the same each time. */
function shorten(message: string): string {
  return message.replace(/^ChatCluster\.chatcluster\.dev "[^"]*" is invalid: /, '');
}

test('every rule refuses a bad object with a message that says what to write, and takes a good one', async (t) => {
  const messages: Record<string, string> = {};
  for (const rule of ruleCases) {
    const given = `${rule.at}: ${JSON.stringify(rule.bad)}${rule.from === undefined ? '' : ` after ${JSON.stringify(rule.from)}`}`;
    const good = await attempt(rule, rule.good);
    assert.ok(good.status < 300, `${rule.at}: ${JSON.stringify(rule.good)} was refused: ${good.message}`);
    const bad = await attempt(rule, rule.bad);
    assert.equal(bad.status, 422, `${given} was taken`);
    messages[given] = shorten(bad.message);
  }
  t.assert.snapshot(messages);
  for (const message of listMessages(spec.schema)) {
    assert.ok(
      Object.values(messages).some((said) => said.includes(message)),
      `no case for: ${message}`,
    );
  }
});

function listMessages(schema: JsonSchema): string[] {
  const below = [...Object.values(schema.properties ?? {}), ...(schema.items ? [schema.items] : [])];
  return [...(schema['x-kubernetes-validations'] ?? []).map(({ message }) => message), ...below.flatMap(listMessages)];
}

test('replicas 0 is taken where nothing of ours scales', async () => {
  for (const engine of ['Disabled', 'External']) {
    const object = objectWith('autoscaling', { engine });
    Object.assign(object.spec as object, { replicas: 0 });
    assert.equal((await create(object)).status, 201, engine);
  }
});

test('refuses fields that do not exist, by name', async () => {
  const { status, body } = await create(objectWith('autoscaling', { maxReplica: 4 }));
  assert.equal(status, 400);
  assert.match(String(body.message), /unknown field "spec\.autoscaling\.maxReplica"/);
});

test('fills in the same defaults as withDefaults, whatever was written', async () => {
  await fc.assert(
    fc.asyncProperty(anySpec, async (given) => {
      const { status, body } = await create({ ...objectWith('paused', undefined), spec: given });
      assert.equal(status, 201, `${String(body.message)} ${JSON.stringify(given)}`);
      assert.deepEqual(body.spec, JSON.parse(JSON.stringify(withDefaults(given))));
    }),
    { numRuns: 200 },
  );
});

async function kubectl(...args: string[]): Promise<string> {
  return (await promisify(execFile)(await ensureTool('kubectl'), [...args, '--kubeconfig', plane.kubeconfig])).stdout;
}

test('kubectl explains every field', async () => {
  const stdout = await kubectl('explain', 'chatcluster.spec', '--recursive');
  for (const name of Object.keys(spec.schema.properties ?? {})) assert.match(stdout, new RegExp(`^  ${name}\\t`, 'm'));
  const one = await kubectl('explain', 'cc.spec.shutdown.drainSeconds');
  assert.match(one, /Over how long sockets are moved/);
});

test('kubectl scale writes spec.replicas and obeys the rules', async () => {
  await create({ ...objectWith('replicas', 2, 'scaled') }, strict);
  const scale = (replicas: number) => api.send('PATCH', `${clusters}/scaled/scale`, { spec: { replicas } }, 'application/merge-patch+json');
  assert.equal((await scale(5)).status, 200);
  const { body } = await api.send('GET', `${clusters}/scaled`);
  assert.equal((body.spec as { replicas: number }).replicas, 5);
  const refused = await scale(0);
  assert.equal(refused.status, 422);
  assert.match(String(refused.body.message), /write one of them, or at least 1/);
});

test('kubectl get shows readiness, reason, pods, connections and version', async () => {
  await create(objectWith('paused', undefined, 'shown'), strict);
  const condition = { type: 'Ready', status: 'True', reason: 'AllReady', message: 'ready', lastTransitionTime: new Date().toISOString() };
  const status = {
    observedGeneration: 1,
    replicas: 3,
    readyReplicas: 2,
    pods: '2/3',
    connections: 1_200,
    version: '1.4.0',
    url: 'https://chat.example.com',
    database: { kind: 'Evaluation', ready: true, state: 'ready' },
    redis: { kind: 'Managed', ready: true, state: '1/1 ready' },
    conditions: [condition],
  };
  const { status: code, body } = await api.send('PATCH', `${clusters}/shown/status${strict}`, { status }, 'application/merge-patch+json');
  assert.equal(code, 200, String(body.message));
  const [header = '', row = ''] = (await kubectl('get', 'cc', 'shown', '-o', 'wide')).split('\n');
  assert.match(header, /^NAME +READY +REASON +REPLICAS +CONNECTIONS +VERSION +AGE +DATABASE +REDIS +URL *$/);
  assert.match(row, /^shown +True +AllReady +2\/3 +1200 +1\.4\.0 +\S+ +ready +1\/1 ready +https:\/\/chat\.example\.com *$/);
  assert.match(await kubectl('get', 'chat', '-o', 'name'), /chatcluster\.chatcluster\.dev\/shown/);
});
