import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../../../tools/src/testing.ts';
import { createClient } from './create-client.ts';
import { EVENTS, eventObject } from './event-object.ts';
import type { KubeObject } from './object.ts';
import { createReflector, type Reflector, type ReflectorOptions } from './reflector.ts';
import { startTestingCluster, type TestingCluster } from './testing-cluster.ts';
import { CONFIG_MAPS, type ConfigMap, configMap } from './testing-config-map.ts';
import { startTestingProxy } from './testing-proxy.ts';

let cluster: TestingCluster;
before(async () => {
  cluster = await startTestingCluster();
});
after(() => cluster[Symbol.asyncDispose]());

function run<T extends KubeObject>(options: ReflectorOptions<T>): { reflector: Reflector<T> } & AsyncDisposable {
  const reflector = createReflector(options);
  const stop = new AbortController();
  const running = reflector.run(stop.signal);
  return {
    reflector,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

const event = (namespace: string, id: string) =>
  eventObject(
    {
      regarding: { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'p', namespace } },
      type: 'Normal',
      reason: 'A',
      action: 'A',
      note: 'a',
    },
    { controller: 'c', instance: 'i', id, at: new Date() },
  );

test('the store follows what is created, changed, deleted and made again', async () => {
  const { client } = cluster;
  const namespace = await cluster.createNamespace();
  const first = await client.create(CONFIG_MAPS, configMap(namespace, 'a', { x: '1' }));
  await using running = run({ client, resource: CONFIG_MAPS, namespace });
  const { reflector } = running;
  const changes: string[] = [];
  assert.equal(reflector.hasSynced(), false);
  await reflector.synced();
  assert.equal(reflector.hasSynced(), true);
  reflector.subscribe(({ type, object }) => void changes.push(`${type} ${object.metadata.name}`));
  assert.equal(reflector.store.get(first.metadata)?.metadata.managedFields, undefined);

  await client.patch(CONFIG_MAPS, first.metadata, { data: { x: '2' } });
  await client.create(CONFIG_MAPS, configMap(namespace, 'b'));
  await client.delete(CONFIG_MAPS, first.metadata);
  const again = await client.create(CONFIG_MAPS, configMap(namespace, 'a'));
  await eventually(() => reflector.store.get(first.metadata)?.metadata.uid === again.metadata.uid);
  assert.deepEqual(changes, ['added a', 'updated a', 'added b', 'deleted a', 'added a']);
});

test('a late subscriber is told of everything there is, and one that throws harms nobody', async () => {
  const { client } = cluster;
  const namespace = await cluster.createNamespace();
  for (const name of ['a', 'b']) await client.create(CONFIG_MAPS, configMap(namespace, name));
  await using running = run({ client, resource: CONFIG_MAPS, namespace });
  const { reflector } = running;
  await reflector.synced();
  reflector.subscribe(() => {
    throw new Error('a bad handler');
  });
  const names: string[] = [];
  const unsubscribe = reflector.subscribe(({ object }) => void names.push(object.metadata.name));
  assert.deepEqual(names, ['a', 'b']);
  await client.create(CONFIG_MAPS, configMap(namespace, 'c'));
  await eventually(() => names.includes('c'));
  unsubscribe();
  await client.create(CONFIG_MAPS, configMap(namespace, 'd'));
  await eventually(() => reflector.store.size === 4);
  assert.deepEqual(names, ['a', 'b', 'c']);
});

test('only selected objects are kept, in the form that was asked for', async () => {
  const { client } = cluster;
  const namespace = await cluster.createNamespace();
  const labelled = { ...configMap(namespace, 'a', { secret: 'x' }), metadata: { name: 'a', namespace, labels: { keep: 'yes' } } };
  await client.create(CONFIG_MAPS, labelled);
  await client.create(CONFIG_MAPS, configMap(namespace, 'b'));
  const transform = (object: ConfigMap) => ({ ...object, data: undefined });
  await using running = run({ client, resource: CONFIG_MAPS, namespace, labelSelector: 'keep=yes', transform });
  await running.reflector.synced();
  assert.deepEqual(
    running.reflector.store.list().map(({ metadata, data }) => [metadata.name, data]),
    [['a', undefined]],
  );
});

test('an object that leaves the selection leaves the store', async () => {
  const { client } = cluster;
  const namespace = await cluster.createNamespace();
  const metadata = { name: 'a', namespace, labels: { keep: 'yes' } };
  await client.create(CONFIG_MAPS, { metadata });
  await using running = run({ client, resource: CONFIG_MAPS, namespace, labelSelector: 'keep=yes' });
  await running.reflector.synced();
  await client.patch(CONFIG_MAPS, metadata, { metadata: { labels: { keep: 'no' } } });
  await eventually(() => running.reflector.store.size === 0);
  await client.patch(CONFIG_MAPS, metadata, { metadata: { labels: { keep: 'yes' } } });
  await eventually(() => running.reflector.store.size === 1);
});

test('a watch that the server ends is resumed, not listed again', async () => {
  await using proxy = await startTestingProxy(cluster.connection);
  const client = await createClient({ connection: proxy.connection });
  const namespace = await cluster.createNamespace();
  const timings = { watchTimeoutSeconds: 1, minWatchMs: 50 };
  await using running = run({ client, resource: CONFIG_MAPS, namespace, timings });
  await eventually(() => proxy.requests.filter(({ isWatch }) => isWatch).length >= 3);
  await cluster.client.create(CONFIG_MAPS, configMap(namespace, 'a'));
  await eventually(() => running.reflector.store.size === 1);
  assert.equal(proxy.requests.filter(({ isWatch }) => !isWatch).length, 1);
  await client.close();
});

test('when etcd has compacted the version to resume from, everything is listed again', async () => {
  await using proxy = await startTestingProxy(cluster.connection);
  const client = await createClient({ connection: proxy.connection });
  const [namespace, other] = [await cluster.createNamespace(), await cluster.createNamespace()];
  let watches = 0;
  proxy.script = ({ isWatch }) => (isWatch && ++watches === 1 ? { watch: true, kind: 'cut', how: 'end', afterEvents: 1 } : undefined);
  // The pause after the cut watch is when the version becomes too old.
  await using running = run({ client, resource: EVENTS, namespace, timings: { minWatchMs: 3_000 } });
  await running.reflector.synced();
  await eventually(() => watches === 1);
  await cluster.client.create(EVENTS, event(namespace, 'first'));
  await eventually(() => running.reflector.store.size === 1);
  for (const id of ['a', 'b', 'c']) await cluster.client.create(EVENTS, event(other, id));
  await cluster.client.create(EVENTS, event(namespace, 'second'));
  await cluster.compact();
  await eventually(() => running.reflector.store.size === 2, { deadlineMs: 10_000 });
  await eventually(() => watches === 3);
  assert.equal(proxy.requests.filter(({ isWatch }) => !isWatch).length, 2);
  await client.close();
});

test('a watch that has fallen silent is given up after its timeout and the grace', async () => {
  await using proxy = await startTestingProxy(cluster.connection);
  const client = await createClient({ connection: proxy.connection });
  const namespace = await cluster.createNamespace();
  let watches = 0;
  proxy.script = ({ isWatch }) => (isWatch && ++watches === 1 ? { watch: true, kind: 'cut', how: 'silence', afterEvents: 1 } : undefined);
  const timings = { watchTimeoutSeconds: 1, graceMs: 500, baseDelayMs: 100 };
  await using running = run({ client, resource: CONFIG_MAPS, namespace, timings });
  await eventually(() => watches === 1);
  for (const name of ['a', 'b']) await cluster.client.create(CONFIG_MAPS, configMap(namespace, name));
  await eventually(() => running.reflector.store.size === 2, { deadlineMs: 20_000 });
  // The list that comes before the second watch may have filled the store already.
  await eventually(() => watches >= 2, { deadlineMs: 20_000 });
  await client.close();
});
