import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Conversation, ConversationMe } from '@chatcluster/protocol';
import { startPods, type Cluster, type Person } from './_pods.ts';

describe('the read position in a thread', () => {
  let cluster: Cluster;
  let ann: Person;
  let bob: Person;

  before(async () => {
    cluster = await startPods(2);
    [ann, bob] = (await Promise.all(['Ann', 'Bob'].map((name) => cluster.register(name)))) as [Person, Person];
  });
  after(() => cluster?.[Symbol.asyncDispose]());

  const path = (id: string, rootId: string) => `/v1/conversations/${id}/threads/${rootId}/read`;
  const read = (who: Person, id: string, rootId: string, seq: number) => cluster.ok<ConversationMe>(who, 'POST', path(id, rootId), { seq });
  const refusal = async (who: Person, id: string, rootId: string, body: object = { seq: 1 }) => {
    const answer = await cluster.rest<{ code: string }>(who, 'POST', path(id, rootId), body);
    return `${answer.status} ${answer.body.code}`;
  };

  it('only moves forward, not beyond the last entry, and is told to the other devices of the reader alone', async () => {
    const group = await cluster.group([ann, bob]);
    using a = await cluster.connect(ann, 1);
    using b = await cluster.connect(bob, 1);
    const root = await a.send(group.id, 'Which room?');
    const answer = await b.send(group.id, 'the larger one', { threadRoot: root.id });
    const first = await read(ann, group.id, root.id, answer.seq!);
    assert.deepEqual(first.threads, { [root.id]: answer.seq });
    const told = await a.next('conversation:me', ({ me }) => me.threads !== undefined);
    assert.deepEqual([told.conversationId, told.me], [group.id, first]);
    assert.equal((await read(ann, group.id, root.id, 1)).version, first.version, 'a lower one changes nothing');
    const second = await b.send(group.id, 'or the garden', { threadRoot: root.id });
    const clamped = await read(ann, group.id, root.id, second.seq! + 1_000);
    assert.deepEqual(clamped.threads, { [root.id]: second.seq });
    assert.ok(clamped.version! > first.version!);
    // With everything else that moves the own state.
    await a.call('receipt', { conversationId: group.id, read: second.seq! });
    const { me } = await a.next('conversation:me', (event) => event.me.readSeq === second.seq);
    assert.deepEqual(me.threads, clamped.threads);
    assert.deepEqual((await cluster.ok<Conversation>(ann, 'GET', `/v1/conversations/${group.id}`)).me.threads, clamped.threads);
    assert.deepEqual((await cluster.ok<Conversation>(bob, 'GET', `/v1/conversations/${group.id}`)).me.threads, undefined);
    // The answer to a call comes after whatever was written to this socket before.
    await b.call('typing', { conversationId: group.id, on: false });
    assert.deepEqual(b.all('conversation:me'), []);
  });

  it('comes with changes to a device that was away', async () => {
    const group = await cluster.group([ann, bob]);
    using a = await cluster.connect(ann, 0);
    const root = await a.send(group.id, 'root');
    const { next } = await a.call('changes', {});
    await read(ann, group.id, root.id, root.seq!);
    const { conversations } = await a.call('changes', { since: next });
    assert.deepEqual(
      conversations.map(({ id, me }) => [id, me.threads]),
      [[group.id, { [root.id]: root.seq }]],
    );
  });

  it('is refused where one may not read, and for what is no message', async () => {
    const group = await cluster.group([ann]);
    using a = await cluster.connect(ann, 0);
    const root = await a.send(group.id, 'before Bob came');
    assert.equal(await refusal(bob, group.id, root.id), '404 not_found');
    await cluster.ok(ann, 'POST', `/v1/conversations/${group.id}/members`, { userIds: [bob.id] });
    assert.equal(await refusal(bob, group.id, root.id), '404 not_found');
    const later = await a.send(group.id, 'for Bob');
    assert.deepEqual((await read(bob, group.id, later.id, later.seq!)).threads, { [later.id]: later.seq });
    assert.equal(await refusal(ann, group.id, randomUUID()), '404 not_found');
    assert.equal(await refusal(ann, group.id, 'nonsense'), '422 invalid');
    assert.equal(await refusal(ann, group.id, root.id, { seq: -1 }), '422 invalid');
    await cluster.ok(ann, 'DELETE', `/v1/conversations/${group.id}/members/${bob.id}`);
    assert.equal(await refusal(bob, group.id, later.id), '403 not_member');
  });

  it('is kept of the 200 threads that were read furthest', async () => {
    const group = await cluster.group([ann]);
    using a = await cluster.connect(ann, 0);
    const roots: { id: string; seq?: number }[] = [];
    for (let i = 0; i < 203; i += 1) roots.push(await a.send(group.id, `root ${i}`));
    let me: ConversationMe | undefined;
    for (const { id, seq } of roots) me = await read(ann, group.id, id, seq!);
    const kept = Object.entries(me?.threads ?? {}).toSorted(([, one], [, other]) => one - other);
    assert.deepEqual(
      kept,
      roots.slice(3).map(({ id, seq }) => [id, seq]),
    );
  });
});
