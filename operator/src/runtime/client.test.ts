import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createClient } from './create-client.ts';
import { isAlreadyExists, isConflict, isGone, isInvalid, isNotFound, isUnauthorized } from './errors.ts';
import { EVENTS } from './event-object.ts';
import { defineResource, type KubeObject } from './object.ts';
import { startTestingCluster, type TestingCluster } from './testing-cluster.ts';
import { CONFIG_MAPS, type ConfigMap, configMap } from './testing-config-map.ts';

interface Deployment extends KubeObject {
  spec?: { replicas?: number; paused?: boolean };
  status?: { replicas?: number };
}
const DEPLOYMENTS = defineResource<Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', namespaced: true });

let cluster: TestingCluster;
before(async () => {
  cluster = await startTestingCluster();
});
after(() => cluster[Symbol.asyncDispose]());

function deployment(namespace: string, name: string, replicas?: number) {
  const labels = { app: name };
  const spec = {
    replicas,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'a', image: 'a' }] } },
  };
  return { metadata: { name, namespace }, spec };
}

test('an object is created, read, patched and deleted', async () => {
  const { client } = cluster;
  const namespace = await cluster.createNamespace();
  const created = await client.create(CONFIG_MAPS, configMap(namespace, 'a', { x: '1' }));
  assert.ok(created.metadata.uid);
  const patched = await client.patch(CONFIG_MAPS, created.metadata, { data: { x: null, y: '2' } });
  assert.deepEqual(patched.data, { y: '2' });
  assert.deepEqual((await client.get(CONFIG_MAPS, created.metadata)).data, { y: '2' });
  await client.delete(CONFIG_MAPS, created.metadata, { preconditions: { uid: created.metadata.uid } });
  assert.equal(await client.find(CONFIG_MAPS, created.metadata), undefined);
});

test('errors of the API server are told apart', async () => {
  const { client } = cluster;
  const namespace = await cluster.createNamespace();
  const ref = { namespace, name: 'a' };
  await assert.rejects(client.get(CONFIG_MAPS, ref), isNotFound);
  const first = await client.create(CONFIG_MAPS, configMap(namespace, 'a'));
  await assert.rejects(client.create(CONFIG_MAPS, configMap(namespace, 'a')), isAlreadyExists);
  await client.replace(CONFIG_MAPS, { ...first, data: { x: '1' } });
  await assert.rejects(client.replace(CONFIG_MAPS, { ...first, data: { x: '2' } }), isConflict);
  await assert.rejects(client.create(CONFIG_MAPS, configMap(namespace, 'Not A Name')), isInvalid);
  await assert.rejects(client.delete(CONFIG_MAPS, ref, { preconditions: { uid: 'another' } }), isConflict);
  assert.throws(() => void client.get(CONFIG_MAPS, { name: 'a' }), /a namespace is needed/);
});

test('server-side apply owns the given fields only, and takes fields over only by force', async () => {
  const { client } = cluster;
  const namespace = await cluster.createNamespace();
  const data = (values: Record<string, string>) => configMap(namespace, 'a', values);
  await client.apply(CONFIG_MAPS, data({ x: '1', y: '1' }), { fieldManager: 'one' });
  await client.apply(CONFIG_MAPS, data({ z: '1' }), { fieldManager: 'two' });
  assert.deepEqual((await client.apply(CONFIG_MAPS, data({ x: '2' }), { fieldManager: 'one' })).data, { x: '2', z: '1' });
  await assert.rejects(client.apply(CONFIG_MAPS, data({ z: '2' }), { fieldManager: 'one', force: false }), isConflict);
  assert.deepEqual((await client.apply(CONFIG_MAPS, data({ z: '2' }), { fieldManager: 'one' })).data, { z: '2' });
});

test('a dry run answers as the write would, and stores nothing', async () => {
  const namespace = await cluster.createNamespace();
  const answer = await cluster.client.apply(CONFIG_MAPS, configMap(namespace, 'a', { x: '1' }), { fieldManager: 'one', dryRun: true });
  assert.deepEqual(answer.data, { x: '1' });
  assert.equal(await cluster.client.find(CONFIG_MAPS, { namespace, name: 'a' }), undefined);
});

test('fields that no type knows are kept', async () => {
  const namespace = await cluster.createNamespace();
  const applied = await cluster.client.apply(DEPLOYMENTS, deployment(namespace, 'a', 1), { fieldManager: 'one' });
  const untyped: unknown = applied;
  assert.equal(
    (untyped as { spec: { template: { spec: { containers: { image: string }[] } } } }).spec.template.spec.containers[0]?.image,
    'a',
  );
});

test('scale and status are written through their subresources', async () => {
  const { client } = cluster;
  const namespace = await cluster.createNamespace();
  const ref = { namespace, name: 'a' };
  await client.apply(DEPLOYMENTS, deployment(namespace, 'a', 1), { fieldManager: 'one' });
  assert.equal((await client.readScale(DEPLOYMENTS, ref)).spec?.replicas, 1);
  assert.equal((await client.writeScale(DEPLOYMENTS, ref, 4)).spec?.replicas, 4);
  const withStatus = { metadata: ref, status: { replicas: 4 } };
  await client.apply(DEPLOYMENTS, withStatus, { fieldManager: 'one', subresource: 'status' });
  const read = await client.get(DEPLOYMENTS, ref);
  assert.deepEqual([read.spec?.replicas, read.status?.replicas], [4, 4]);
});

test('a list comes in pages and carries apiVersion and kind', async () => {
  const { client } = cluster;
  const namespace = await cluster.createNamespace();
  const names = Array.from({ length: 25 }, (_, index) => `m${String(index).padStart(2, '0')}`);
  await Promise.all(names.map((name) => client.create(CONFIG_MAPS, configMap(namespace, name))));
  const before = client.stats().requests.requests;
  const requestsAt: number[] = [];
  const transform = (object: ConfigMap): ConfigMap => {
    requestsAt.push(client.stats().requests.requests - before);
    return { ...object, data: { kept: 'no' } };
  };
  const { items, resourceVersion } = await client.list(CONFIG_MAPS, { namespace, pageSize: 10, transform });
  assert.equal(client.stats().requests.requests - before, 3);
  // Each page is made small before the next one comes.
  assert.deepEqual(requestsAt, [...Array(10).fill(1), ...Array(10).fill(2), ...Array(5).fill(3)]);
  assert.deepEqual(new Set(items.map(({ data }) => data?.kept)), new Set(['no']));
  assert.deepEqual(
    items.map(({ metadata }) => metadata.name),
    names,
  );
  assert.deepEqual([items[0]?.apiVersion, items[0]?.kind], ['v1', 'ConfigMap']);
  assert.match(resourceVersion, /^\d+$/);
});

test('a watch tells of what happens after its version, and ends when the server says so', async () => {
  const { client } = cluster;
  const namespace = await cluster.createNamespace();
  const { resourceVersion } = await client.list(CONFIG_MAPS, { namespace });
  const seen: string[] = [];
  const watching = (async () => {
    for await (const event of client.watch(CONFIG_MAPS, { namespace, resourceVersion, timeoutSeconds: 2 }))
      if (event.type !== 'BOOKMARK') seen.push(`${event.type} ${event.object.metadata.name}`);
  })();
  const created = await client.create(CONFIG_MAPS, configMap(namespace, 'a'));
  await client.patch(CONFIG_MAPS, created.metadata, { data: { x: '1' } });
  await client.delete(CONFIG_MAPS, created.metadata);
  await watching;
  assert.deepEqual(seen, ['ADDED a', 'MODIFIED a', 'DELETED a']);
});

test('a watch from a version that etcd has compacted says that it is gone', async () => {
  const { client } = cluster;
  const namespace = await cluster.createNamespace();
  const { resourceVersion } = await client.list(EVENTS, { namespace });
  for (const name of ['a', 'b']) await client.create(CONFIG_MAPS, configMap(namespace, name));
  await cluster.compact();
  const watch = async () => {
    // Events are the one resource that the API server does not cache, so that their watches reach etcd.
    for await (const _ of client.watch(EVENTS, { namespace, resourceVersion, timeoutSeconds: 2 }));
  };
  await assert.rejects(watch(), isGone);
});

test('an aborted call ends with the reason of its signal', async () => {
  const stop = new AbortController();
  const { resourceVersion } = await cluster.client.list(CONFIG_MAPS);
  const watching = (async () => {
    for await (const _ of cluster.client.watch(CONFIG_MAPS, { resourceVersion, signal: stop.signal }));
  })();
  const reason = new Error('stopping');
  stop.abort(reason);
  await assert.rejects(watching, reason);
  await assert.rejects(cluster.client.list(CONFIG_MAPS, { signal: stop.signal }), reason);
});

test('a wrong token is an error, asked about twice and no more', async () => {
  const { server } = cluster.connection;
  const { tls } = await cluster.connection.credentials();
  let invalidated = 0;
  const connection = {
    server,
    credentials: () => Promise.resolve({ headers: { authorization: 'Bearer wrong' }, tls: { ca: tls.ca } }),
    invalidate: () => void (invalidated += 1),
  };
  const client = await createClient({ connection });
  await assert.rejects(client.list(CONFIG_MAPS), isUnauthorized);
  assert.equal(invalidated, 2);
  await client.close();
});

test('a hundred calls at once share a few connections', async () => {
  const client = await createClient({ connection: cluster.connection });
  const namespace = await cluster.createNamespace();
  for (let round = 0; round < 10; round += 1) await Promise.all(Array.from({ length: 100 }, () => client.list(CONFIG_MAPS, { namespace })));
  const { requests } = client.stats();
  assert.equal(requests.requests, 1_000);
  assert.ok(requests.connections <= 16, `${requests.connections} connections`);
  await client.close();
});

test('requests are counted by code, method and host', async () => {
  await cluster.client.find(CONFIG_MAPS, { namespace: 'default', name: 'none' });
  const text = await cluster.metrics.registry.metrics();
  const { host } = new URL(cluster.connection.server);
  assert.match(text, new RegExp(`rest_client_requests_total\\{method="GET",code="404",host="${host}"\\} \\d+`));
  assert.match(text, /rest_client_request_duration_seconds_count\{verb="GET"/);
});
