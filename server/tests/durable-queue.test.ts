import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import type { SendResult } from '@chatcluster/protocol';
import { Redis } from 'ioredis';
import { type Cluster, startCluster } from './_cluster.ts';
import { QueueWorld } from './_queue-world.ts';

let cluster: Cluster;
let world: QueueWorld;

before(async () => {
  cluster = await startCluster();
  world = await new QueueWorld(cluster).open();
});
afterEach(async () => {
  cluster.postgres.signal('SIGCONT');
  await cluster.heal();
  await world.direct();
});
after(async () => {
  world[Symbol.dispose]();
  await cluster[Symbol.asyncDispose]();
});

async function sendQueued(count: number, pods = [0, 1, 2]): Promise<SendResult[]> {
  const sent: SendResult[] = [];
  for (let i = 0; i < count; i += 1) sent.push(await world.send(pods[i % pods.length]!));
  assert.deepEqual(new Set(sent.map(({ status }) => status)), new Set(['queued']));
  return sent;
}

test('what is sent while Postgres is frozen is acknowledged as queued and appears in order, once, when it thaws', async () => {
  cluster.postgres.signal('SIGSTOP');
  await world.queueing();
  const sent = await sendQueued(10);
  for (const { adminUrl } of cluster.pods) assert.equal((await fetch(`${adminUrl}/readyz`)).status, 200);
  cluster.postgres.signal('SIGCONT');
  await world.assertStored(sent);
});

test('sends that were under way when Postgres froze keep their order with those after them', async () => {
  const socket = await world.socket(world.ada, 0);
  cluster.postgres.signal('SIGSTOP');
  const pipelined = Array.from({ length: 3 }, (_, i) => socket.emit<SendResult>('message:send', world.payload(`under way ${i}`)));
  const answers = await Promise.all(pipelined);
  const taken = answers.flatMap((answer) => (answer.ok ? [answer.data] : []));
  await world.queueing();
  const sent = [...taken, ...(await sendQueued(3))];
  cluster.postgres.signal('SIGCONT');
  await world.assertStored(sent);
});

test('later messages queue behind those that wait, also when Postgres is back, and a resend finds itself', async () => {
  cluster.postgres.kill();
  await world.queueing();
  const payload = world.payload('once');
  const first = await world.take(0, payload);
  const again = await world.take(1, payload);
  assert.deepEqual({ ...again, at: '' }, { ...first, at: '', duplicate: true });
  const queued = [first, ...(await sendQueued(50))];
  const restarting = cluster.postgres.restart();
  const more: SendResult[] = [];
  while (more.at(-1)?.status !== 'stored') more.push(await world.send(more.length % 3));
  await restarting;
  await world.assertStored([...queued, ...more]);
});

test('a pod that dies while messages are queued takes none of them along', async () => {
  cluster.postgres.kill();
  await world.queueing();
  const sent = await sendQueued(6);
  cluster.pods[0]!.signal('SIGKILL');
  await cluster.pods[0]!.ended();
  sent.push(...(await sendQueued(4, [1, 2])));
  await cluster.postgres.restart();
  await world.assertStored(sent);
});

test('a Redis with an append-only file that is killed while messages are queued takes none of them along', async () => {
  cluster.postgres.kill();
  await world.queueing();
  const sent = await sendQueued(6);
  await cluster.redis.killAndRestart(500);
  sent.push(...(await sendQueued(4)));
  await cluster.postgres.restart();
  await world.assertStored(sent);
});

test('a worker that dies while it drains leaves the rest to the next', async () => {
  cluster.postgres.kill();
  await world.queueing();
  const sent = await world.sendAtOnce(2_000);
  assert.deepEqual(new Set(sent.map(({ status }) => status)), new Set(['queued']));
  const restarting = cluster.postgres.restart();
  const owner = await world.drainer(2_000);
  const pod = cluster.pods.find(({ id }) => owner.startsWith(`${id} `))!;
  pod.signal('SIGKILL');
  await pod.ended();
  await restarting;
  assert.ok((await world.queued()) > 0, 'it had done everything already');
  await world.assertStored(sent);
});

test('a sender who was removed meanwhile is told, and the others are stored', async () => {
  const carl = await world.guest();
  await world.add(carl);
  await world.direct();
  const own = await world.socket(carl, 1);
  await own.send(world.conversationId, 'knows the members');
  cluster.postgres.kill();
  await world.queueing();
  const before = await sendQueued(2);
  const refused = await world.take(1, world.payload('from Carl'), carl);
  const later = await sendQueued(2);
  await world.withoutDraining(async () => {
    await cluster.postgres.restart();
    await world.remove(carl);
  });
  const told = await own.next('message:rejected', ({ conversationId }) => conversationId === world.conversationId);
  assert.equal(told.error.code, 'not_member');
  await world.assertStored([...before, ...later]);
  assert.equal(
    (await world.rows()).some(({ id }) => id === refused.id),
    false,
  );
});

test('a reply is queued unchecked, and refused when it is stored if there is no such message', async () => {
  const known = await world.send(0);
  const socket = await world.socket(world.ada, 0);
  cluster.postgres.kill();
  await world.queueing();
  const queued = await world.take(0, world.payload('queued'));
  const sent = [queued];
  for (const replyTo of [known.id, queued.id]) sent.push(await world.take(0, { ...world.payload('a reply'), replyTo }));
  const lost = { ...world.payload('a reply to nothing'), replyTo: crypto.randomUUID() };
  assert.equal((await world.take(0, lost)).status, 'queued');
  await cluster.postgres.restart();
  const told = await socket.next('message:rejected', ({ clientMsgId }) => clientMsgId === lost.clientMsgId);
  assert.equal(told.error.code, 'invalid');
  await world.assertStored(sent);
});

test('without an append-only file that survives a crash nothing is acknowledged', async () => {
  const redis = new Redis(cluster.redis.url);
  try {
    await redis.config('SET', 'appendfsync', 'everysec');
    cluster.postgres.kill();
    await world.away();
    for (const pod of cluster.pods.keys()) {
      const answer = await world.trySend(pod);
      assert.ok(!answer.ok && answer.error.code === 'unavailable' && (answer.error.retryAfterMs ?? 0) > 0);
    }
    await redis.config('SET', 'appendfsync', 'always');
    await world.queueing();
  } finally {
    redis.disconnect();
  }
  await cluster.postgres.restart();
});

test('with both away nothing is acknowledged, and nobody is disconnected', async () => {
  const sockets = await Promise.all(cluster.pods.map((_, pod) => world.socket(world.ada, pod)));
  cluster.postgres.kill();
  cluster.redis.kill();
  const answers = await Promise.all(cluster.pods.map((_, pod) => world.trySend(pod)));
  for (const answer of answers) assert.ok(!answer.ok && answer.error.retryable);
  await world.away();
  const calm = await Promise.all(cluster.pods.map((_, pod) => world.trySend(pod)));
  for (const answer of calm) assert.ok(!answer.ok && answer.error.code === 'unavailable');
  await Promise.all([cluster.postgres.restart(), cluster.redis.restart()]);
  const sent = [await world.send(0), await world.send(1)];
  await world.assertStored(sent);
  assert.deepEqual(
    sockets.map(({ closeReason }) => closeReason),
    [undefined, undefined, undefined],
  );
});
