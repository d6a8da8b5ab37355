import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../../tools/src/testing.ts';
import { runExample } from './example.ts';
import { startTestingCluster, type TestingCluster } from './testing-cluster.ts';
import { CONFIG_MAPS } from './testing-config-map.ts';

let cluster: TestingCluster;
before(async () => {
  cluster = await startTestingCluster();
});
after(() => cluster[Symbol.asyncDispose]());

test('the example of the README does what it says', async () => {
  const { client } = cluster;
  const namespace = await cluster.createNamespace();
  const metadata = { name: 'a', namespace, labels: { count: 'please' } };
  await client.create(CONFIG_MAPS, { metadata, data: { x: '1', y: '2' } });
  const stop = new AbortController();
  const running = runExample(cluster.kubeconfig, stop.signal);
  const counted = async () => (await client.get(CONFIG_MAPS, metadata)).metadata.annotations?.keys;
  await eventually(async () => (await counted()) === '2');
  await client.patch(CONFIG_MAPS, metadata, { data: { z: '3' } });
  await eventually(async () => (await counted()) === '3');
  await client.patch(CONFIG_MAPS, metadata, { metadata: { annotations: null } });
  await eventually(async () => (await counted()) === '3');
  stop.abort();
  await running;
});

test('the README shows the example as it is', () => {
  const read = (name: string) => readFileSync(join(import.meta.dirname, name), 'utf8');
  assert.ok(read('README.md').includes(read('example.ts').trim().replaceAll("'./index.ts'", "'@chatcluster/operator/runtime/index'")));
});
