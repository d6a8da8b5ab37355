import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '@chatcluster/tools/testing';
import { type Cluster, startCluster } from './_cluster.ts';
import { QueueWorld } from './_queue-world.ts';

let cluster: Cluster;
let world: QueueWorld;

before(async () => {
  cluster = await startCluster({
    pods: 3,
    podEnv: async (i): Promise<Record<string, string>> => (i === 2 ? { OUTAGE_CACHE_KIB: '0' } : {}),
  });
  world = await new QueueWorld(cluster).open();
});
after(async () => {
  world[Symbol.dispose]();
  await cluster[Symbol.asyncDispose]();
});

test('while Postgres is frozen recent history comes from memory, other reads are refused at once, and people may still connect', async () => {
  const { conversationId } = world;
  const socket = await world.socket(world.bob, 0);
  await world.send(0);
  await world.send(1);
  const before = await socket.call('history', { conversationId });
  cluster.postgres.signal('SIGSTOP');
  try {
    await world.queueing();
    assert.deepEqual((await socket.call('history', { conversationId, limit: 3 })).messages, before.messages.slice(-3));
    const nothingKept = await world.socket(world.bob, 2);
    assert.equal((await nothingKept.refused('history', { conversationId })).code, 'unavailable');
    const startedAt = performance.now();
    const refused = [
      await socket.refused('changes', {}),
      await socket.refused('sync', { cursors: { [conversationId]: 0 } }),
      await socket.refused('history', { conversationId: crypto.randomUUID() }),
      await socket.refused('message:edit', {
        conversationId,
        messageId: before.messages[0]!.id,
        clientMsgId: crypto.randomUUID(),
        body: 'no',
      }),
    ];
    for (const { code, retryAfterMs = 0 } of refused) assert.ok(code === 'unavailable' && retryAfterMs > 0);
    assert.ok(performance.now() - startedAt < 2_000);
    const late = await world.socket(world.ada, 0);
    assert.equal((await late.next('session:ready')).userId, world.ada.id);
    assert.equal(socket.closeReason, undefined);
  } finally {
    cluster.postgres.signal('SIGCONT');
  }
  await eventually(async () => (await socket.emit('changes', {})).ok);
});

test('a stranger is not told the history out of memory and cannot send into the queue; a member can, over REST too', async () => {
  const { conversationId } = world;
  const eve = await world.guest();
  const socket = await world.socket(eve, 0);
  cluster.postgres.kill();
  await world.queueing();
  assert.equal((await socket.refused('history', { conversationId })).code, 'unavailable');
  assert.equal((await socket.refused('message:send', world.payload('let me in'))).code, 'unavailable');
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${world.ada.accessToken}` };
  const body = JSON.stringify({ clientMsgId: crypto.randomUUID(), body: 'over REST' });
  const posted = await fetch(`${cluster.pods[0]!.url}/v1/conversations/${conversationId}/messages`, { method: 'POST', headers, body });
  assert.equal(posted.status, 202);
  assert.equal(((await posted.json()) as { status: string }).status, 'queued');
  // Nor does her try make the pod forget who may.
  assert.equal((await world.send(0)).status, 'queued');
  await cluster.postgres.restart();
  await world.direct();
});

test('a pod on which nobody of a conversation is answers nothing out of memory: it knows only what it published itself', async () => {
  const eve = await world.guest();
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${eve.accessToken}` };
  const ask = (pod: number, path: string, payload?: object) =>
    fetch(`${cluster.pods[pod]!.url}/v1/conversations${path}`, {
      headers,
      ...(payload && { method: 'POST', body: JSON.stringify({ clientMsgId: crypto.randomUUID(), ...payload }) }),
    });
  const created = await ask(1, '', { kind: 'group', title: 'Elsewhere', memberIds: [world.ada.id] });
  const { id } = (await created.json()) as { id: string };
  for (const pod of [1, 0]) assert.equal((await ask(pod, `/${id}/messages`, { body: `over pod ${pod}` })).status, 201);
  cluster.postgres.kill();
  await world.queueing();
  const answer = await ask(1, `/${id}/messages`);
  assert.equal(answer.status, 503, await answer.text());
  await cluster.postgres.restart();
  await world.direct();
});
