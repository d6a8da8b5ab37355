import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { after, before, test } from 'node:test';
import { eventually } from '../../../tools/src/testing.ts';
import type { KubeClient } from './client-types.ts';
import { createClient } from './create-client.ts';
import { ApiError, ConnectionError, DeadlineError, FencedError, isAlreadyExists } from './errors.ts';
import { startTestingCluster, type TestingCluster } from './testing-cluster.ts';
import { CONFIG_MAPS, configMap } from './testing-config-map.ts';
import { type Fault, startTestingProxy, type TestingProxy } from './testing-proxy.ts';

let cluster: TestingCluster;
let proxy: TestingProxy;
let client: KubeClient;
before(async () => {
  cluster = await startTestingCluster();
  proxy = await startTestingProxy(cluster.connection);
  client = await createClient({ connection: proxy.connection }, { policy: { maxAttempts: 4, baseMs: 5, maxMs: 50 } });
});
after(async () => {
  await client.close();
  await proxy[Symbol.asyncDispose]();
  await cluster[Symbol.asyncDispose]();
});

/** Lets the first `times` calls from now on fail; the answer tells how many calls there were. */
function failFirst(times: number, fault: Fault): () => number {
  let calls = 0;
  proxy.script = () => (++calls <= times ? fault : undefined);
  return () => calls;
}

const status = (code: number, retryAfterSeconds?: number): Fault => ({ kind: 'status', status: code, retryAfterSeconds });

test('a read is repeated after every kind of failure', async () => {
  for (const fault of [status(429), status(500), status(503), { kind: 'reset-before' }, { kind: 'reset-after' }] satisfies Fault[]) {
    const calls = failFirst(2, fault);
    await client.list(CONFIG_MAPS, { namespace: 'default' });
    assert.equal(calls(), 3);
  }
});

test('a create whose answer was lost is not repeated, since it may have happened', async () => {
  const namespace = await cluster.createNamespace();
  const calls = failFirst(1, { kind: 'reset-after' });
  const lost = (error: unknown) => error instanceof ConnectionError && error.sent;
  await assert.rejects(client.create(CONFIG_MAPS, configMap(namespace, 'a')), lost);
  assert.equal(calls(), 1);
  await assert.rejects(client.create(CONFIG_MAPS, configMap(namespace, 'a')), isAlreadyExists);
});

test('a create that the server refused to look at is repeated', async () => {
  const namespace = await cluster.createNamespace();
  for (const [index, fault] of [status(429), status(503, 0)].entries()) {
    const calls = failFirst(1, fault);
    await client.create(CONFIG_MAPS, configMap(namespace, `a${index}`));
    assert.equal(calls(), 2);
  }
});

test('an apply whose answer was lost is repeated', async () => {
  const namespace = await cluster.createNamespace();
  const calls = failFirst(1, { kind: 'reset-after' });
  await client.apply(CONFIG_MAPS, configMap(namespace, 'a', { x: '1' }), { fieldManager: 'm' });
  assert.equal(calls(), 2);
});

test('a delete is repeated only when it names the uid', async () => {
  const namespace = await cluster.createNamespace();
  const { metadata } = await cluster.client.create(CONFIG_MAPS, configMap(namespace, 'a'));
  let calls = failFirst(1, { kind: 'reset-before' });
  await assert.rejects(client.delete(CONFIG_MAPS, metadata), ConnectionError);
  assert.equal(calls(), 1);
  calls = failFirst(1, { kind: 'reset-before' });
  await client.delete(CONFIG_MAPS, metadata, { preconditions: { uid: metadata.uid } });
  assert.equal(calls(), 2);
});

test('repeating ends after the last attempt, with the last error', async () => {
  const calls = failFirst(99, status(500));
  await assert.rejects(client.list(CONFIG_MAPS), (error) => error instanceof ApiError && error.status === 500);
  assert.equal(calls(), 4);
});

test('Retry-After is waited for, unless the deadline comes first', async () => {
  const calls = failFirst(1, status(429, 1));
  const startedAt = performance.now();
  await client.list(CONFIG_MAPS, { namespace: 'default' });
  assert.ok(performance.now() - startedAt >= 990);
  assert.equal(calls(), 2);

  failFirst(1, status(429, 30));
  const refusedAt = performance.now();
  await assert.rejects(
    client.list(CONFIG_MAPS, { deadlineMs: 2_000 }),
    (error) => error instanceof ApiError && error.retryAfterMs === 30_000,
  );
  assert.ok(performance.now() - refusedAt < 1_000);
});

test('a half-open connection costs no more than the deadline', async () => {
  failFirst(1, { kind: 'hang' });
  const startedAt = performance.now();
  await assert.rejects(client.list(CONFIG_MAPS, { deadlineMs: 200 }), DeadlineError);
  assert.ok(performance.now() - startedAt < 1_000);
});

test('a body that comes too slowly costs no more than the deadline', async () => {
  failFirst(1, { kind: 'slow-body', chunkBytes: 1, everyMs: 20 });
  await assert.rejects(client.list(CONFIG_MAPS, { deadlineMs: 200 }), DeadlineError);
});

test('a refused connection is an error that says that nothing was sent', async () => {
  const gone = await startTestingProxy(cluster.connection);
  await gone[Symbol.asyncDispose]();
  const lonely = await createClient({ connection: gone.connection }, { policy: { maxAttempts: 3, baseMs: 1, maxMs: 2 } });
  const unsent = (error: unknown) => error instanceof ConnectionError && !error.sent && /ECONNREFUSED/.test(error.message);
  await assert.rejects(lonely.create(CONFIG_MAPS, configMap('default', 'a')), unsent);
  assert.equal(lonely.stats().requests.requests, 3);
  await lonely.close();
});

test('certificates that are renewed open new connections, and calls under way end on the old ones', async () => {
  const first = await cluster.connection.credentials();
  let tls = { ...first.tls };
  const connection = { server: cluster.connection.server, credentials: () => Promise.resolve({ headers: {}, tls }), invalidate() {} };
  const renewed = await createClient({ connection });
  const list = () => renewed.list(CONFIG_MAPS, { namespace: 'default' });
  const listTimes = async (times: number) => {
    for (let count = 0; count < times; count += 1) await list();
    return renewed.stats().requests.connections;
  };
  const before = await listTimes(5);
  const underWay = list();
  tls = { ...first.tls, ca: `${String(first.tls.ca)}\n` };
  const [, after] = await Promise.all([underWay, listTimes(5)]);
  assert.ok(after > before, `${before} connections, then ${after}`);
  // Read again from its file, and the same.
  tls = { ...tls };
  assert.equal(await listTimes(5), after);
  await renewed.close();
});

test('a fence is asked at the last moment, and its signal ends a write that waits', async () => {
  let isOpen = true;
  let asked = 0;
  const over = new AbortController();
  const check = () => {
    asked += 1;
    if (!isOpen) throw new Error('closed');
  };
  const fenced = client.fenced({ check, signal: over.signal });
  const calls = failFirst(2, status(500));
  await fenced.apply(CONFIG_MAPS, configMap('default', 'fenced'), { fieldManager: 'm' });
  assert.deepEqual([calls(), asked], [3, 3]);
  const hanging = failFirst(1, { kind: 'hang' });
  const waiting = fenced.apply(CONFIG_MAPS, configMap('default', 'fenced'), { fieldManager: 'm' });
  const reason = new Error('over');
  await eventually(() => hanging() === 1);
  over.abort(reason);
  await assert.rejects(waiting, reason);
  isOpen = false;
  await assert.rejects(client.fenced({ check }).apply(CONFIG_MAPS, configMap('default', 'fenced'), { fieldManager: 'm' }), FencedError);
  await client.fenced({ check }).list(CONFIG_MAPS);
});

test('a plugin that never answers costs no more than the deadline, or the wait until the signal', async () => {
  const { server } = cluster.connection;
  const stuck = await createClient({ connection: { server, credentials: () => new Promise<never>(() => undefined), invalidate() {} } });
  await assert.rejects(stuck.list(CONFIG_MAPS, { deadlineMs: 100 }), DeadlineError);
  const stop = new AbortController();
  const watching = (async () => {
    for await (const _ of stuck.watch(CONFIG_MAPS, { resourceVersion: '1', signal: stop.signal }));
  })();
  const reason = new Error('stopping');
  stop.abort(reason);
  await assert.rejects(watching, reason);
  await stuck.close();
});

test('a thousand calls and a few watches leave nothing on a signal that lives on', async () => {
  const stop = new AbortController();
  failFirst(0, status(500));
  const { resourceVersion } = await client.list(CONFIG_MAPS);
  for (let round = 0; round < 4; round += 1) {
    await Promise.all(Array.from({ length: 250 }, () => client.list(CONFIG_MAPS, { namespace: 'default', signal: stop.signal })));
    for await (const _ of client.watch(CONFIG_MAPS, { namespace: 'none', resourceVersion, timeoutSeconds: 1, signal: stop.signal })) break;
  }
  assert.equal(getEventListeners(stop.signal, 'abort').length, 0);
});
