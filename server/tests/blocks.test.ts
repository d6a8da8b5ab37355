import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { it } from 'node:test';
import type { Conversation } from '@chatcluster/protocol';
import { eventually } from '@chatcluster/tools/testing';
import { type Cluster, type Person, startPods } from './_pods.ts';

function direct(cluster: Cluster, one: Person, other: Person): Promise<Conversation> {
  return cluster.ok<Conversation>(one, 'POST', '/v1/conversations', { kind: 'direct', memberIds: [other.id] });
}

it('keeps direct messages and typing from both sides on every pod until the block is taken back', async () => {
  await using cluster = await startPods(2);
  const [ann, bob] = (await cluster.guests(2)) as [Person, Person];
  const { id } = await direct(cluster, ann, bob);
  const annSocket = await cluster.connect(ann, 0);
  const bobSocket = await cluster.connect(bob, 1);
  await bobSocket.send(id, 'before');
  await cluster.ok(ann, 'PUT', `/v1/users/me/blocks/${bob.id}`);

  const message = () => ({ conversationId: id, clientMsgId: randomUUID(), body: 'after' });
  const isRefused = async () => {
    const ack = await bobSocket.emit('message:send', message());
    return !ack.ok && ack.error.code === 'forbidden';
  };
  assert.ok(await isRefused(), 'the pod of the other one knows at once, as the append checks the version');
  assert.equal((await annSocket.refused('message:send', message())).code, 'forbidden');
  assert.equal((await bobSocket.refused('typing', { conversationId: id, on: true })).code, 'forbidden');
  assert.equal((await cluster.rest(bob, 'POST', '/v1/conversations', { kind: 'group', memberIds: [ann.id] })).status, 403);
  const history = await cluster.ok<{ items: { body: string }[] }>(ann, 'GET', `/v1/conversations/${id}/messages`);
  assert.deepEqual(
    history.items.map((m) => m.body),
    ['before'],
  );

  await cluster.ok(ann, 'DELETE', `/v1/users/me/blocks/${bob.id}`);
  await eventually(async () => !(await isRefused()));
});

it('hides presence from both at once, also on another pod, and from a later watch', async () => {
  await using cluster = await startPods(2);
  const [ann, bob] = (await cluster.guests(2)) as [Person, Person];
  await direct(cluster, ann, bob);
  const annSocket = await cluster.connect(ann, 0);
  const bobSocket = await cluster.connect(bob, 1);
  await eventually(async () => (await annSocket.call('presence:watch', { userIds: [bob.id] })).presence[bob.id]?.status === 'online');
  await eventually(async () => (await bobSocket.call('presence:watch', { userIds: [ann.id] })).presence[ann.id]?.status === 'online');
  await cluster.ok(bob, 'PUT', `/v1/users/me/blocks/${ann.id}`);
  await annSocket.next('presence', (p) => p.userId === bob.id && p.status === 'offline');
  await bobSocket.next('presence', (p) => p.userId === ann.id && p.status === 'offline');
  await annSocket.call('presence:set', { status: 'away' });
  const { presence } = await bobSocket.call('presence:watch', { userIds: [ann.id] });
  assert.deepEqual(presence[ann.id], { userId: ann.id, status: 'offline', lastSeenAt: null });
  assert.equal(bobSocket.all('presence').filter((p) => p.status === 'away').length, 0);
});

it('does not count the messages of blocked people, and tells the list to all own devices', async () => {
  await using cluster = await startPods(2);
  const [ann, bob, cid] = (await cluster.guests(3)) as [Person, Person, Person];
  const group = await cluster.group([ann, bob, cid]);
  const phone = await cluster.connect(ann, 0);
  const laptop = await cluster.connect(ann, 1);
  await phone.next('blocks', (b) => b.userIds.length === 0);
  await cluster.ok(ann, 'PUT', `/v1/users/me/blocks/${bob.id}`);
  for (const socket of [phone, laptop]) await socket.next('blocks', (b) => b.userIds.join() === bob.id);
  const later = await cluster.connect(ann, 0);
  await later.next('blocks', (b) => b.userIds.join() === bob.id);

  const bobSocket = await cluster.connect(bob, 0);
  const cidSocket = await cluster.connect(cid, 1);
  await bobSocket.send(group.id, 'not counted', { mentions: [ann.id] });
  const last = await cidSocket.send(group.id, 'counted');
  await phone.reached(group.id, last.seq!);
  const { me } = await cluster.ok<Conversation>(ann, 'GET', `/v1/conversations/${group.id}`);
  assert.deepEqual([me.unread, me.mentions], [1, 0]);
  const others = await cluster.ok<Conversation>(cid, 'GET', `/v1/conversations/${group.id}`);
  assert.equal(others.me.unread, 1);
});

it('never pairs people of whom one has blocked the other', async () => {
  await using cluster = await startPods(1);
  const [ann, bob, cid] = (await cluster.guests(3)) as [Person, Person, Person];
  await cluster.ok(bob, 'PUT', `/v1/users/me/blocks/${ann.id}`);
  const [annSocket, bobSocket, cidSocket] = [await cluster.connect(ann), await cluster.connect(bob), await cluster.connect(cid)];
  await annSocket.call('match:join', {});
  await bobSocket.call('match:join', {});
  await cidSocket.call('match:join', {});
  const { conversation } = await cidSocket.next('conversation:added');
  const members = conversation.members!.map((m) => m.userId);
  assert.ok(members.includes(cid.id) && !(members.includes(ann.id) && members.includes(bob.id)));
});

it('refuses to block oneself and people who do not exist; blocking twice is blocking once', async () => {
  await using cluster = await startPods(1);
  const [ann, bob] = (await cluster.guests(2)) as [Person, Person];
  assert.equal((await cluster.rest(ann, 'PUT', `/v1/users/me/blocks/${ann.id}`)).status, 422);
  assert.equal((await cluster.rest(ann, 'PUT', `/v1/users/me/blocks/${randomUUID()}`)).status, 404);
  assert.equal((await cluster.rest(ann, 'PUT', '/v1/users/me/blocks/bob')).status, 422);
  for (let i = 0; i < 2; i += 1) assert.equal((await cluster.rest(ann, 'PUT', `/v1/users/me/blocks/${bob.id}`)).status, 204);
  const list = await cluster.ok<{ items: { userId: string }[] }>(ann, 'GET', '/v1/users/me/blocks');
  assert.deepEqual(list.items, [{ userId: bob.id }]);
});
