import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Conversation } from '@chatcluster/protocol';
import { startPods, type Cluster, type Person, type TestSocket } from './_pods.ts';

describe('receipts, typing and presence over three pods', () => {
  let cluster: Cluster;
  let people: Person[];
  let group: Conversation;
  let ann: TestSocket;
  let bob: TestSocket;

  before(async () => {
    cluster = await startPods(3);
    people = await cluster.guests(3);
    group = await cluster.group(people.slice(0, 2));
    ann = await cluster.connect(people[0]!, 0);
    bob = await cluster.connect(people[1]!, 1);
  });
  after(() => cluster?.[Symbol.asyncDispose]());

  it('receipts are merged, monotonic and clamped to the last number', async () => {
    const sent = await Promise.all(Array.from({ length: 10 }, (_, i) => ann.send(group.id, `${i}`)));
    const last = sent.at(-1)!.seq!;
    await Promise.all(sent.map(({ seq }) => bob.call('receipt', { conversationId: group.id, delivered: seq, read: seq })));
    await ann.next('receipts', (r) => r.userId === people[1]!.id && r.read === last);
    assert.ok(ann.all('receipts').length <= 3, `${ann.all('receipts').length} receipts for ten reads`);
    await bob.call('receipt', { conversationId: group.id, read: 1 });
    await bob.call('receipt', { conversationId: group.id, read: last + 1_000 });
    const { members } = await cluster.ok<Conversation>(people[0]!, 'GET', `/v1/conversations/${group.id}`, undefined, 2);
    const member = members!.find((m) => m.userId === people[1]!.id)!;
    assert.deepEqual([member.readSeq, member.deliveredSeq], [last, last]);
  });

  it('typing reaches the others on other pods and clears itself after 6 s', async () => {
    const startedAt = performance.now();
    await bob.call('typing', { conversationId: group.id, on: true });
    assert.deepEqual(await ann.next('typing'), { conversationId: group.id, userId: people[1]!.id, on: true });
    await ann.next('typing', (t) => !t.on);
    const tookMs = performance.now() - startedAt;
    assert.ok(tookMs > 5_500 && tookMs < 8_000, `${tookMs} ms`);
    assert.deepEqual(bob.all('typing'), []);
  });

  it('typing ends with the socket', async () => {
    const device = await cluster.connect(people[1]!, 2);
    const before = ann.all('typing').length;
    await device.call('typing', { conversationId: group.id, on: true });
    device.socket.disconnect();
    await ann.next('typing', (t) => !t.on && ann.all('typing').indexOf(t) > before, 4_000);
  });

  it('presence is seen on other pods by those who share a conversation, and the invisible look offline', async () => {
    const [, bobId, strangerId] = people.map((p) => p.id) as [string, string, string];
    using _stranger = await cluster.connect(people[2]!, 2);
    const { presence } = await ann.call('presence:watch', { userIds: [bobId, strangerId] });
    assert.deepEqual([presence[bobId]!.status, presence[strangerId]!.status], ['online', 'offline']);
    for (const [setting, seen] of [
      ['away', 'away'],
      ['dnd', 'dnd'],
      ['invisible', 'offline'],
      ['online', 'online'],
    ] as const) {
      const count = ann.all('presence').length;
      await bob.call('presence:set', { status: setting });
      await ann.next('presence', (p) => p.userId === bobId && p.status === seen && ann.all('presence').indexOf(p) >= count);
    }
    assert.deepEqual(
      ann.all('presence').filter((p) => p.userId === strangerId),
      [],
    );
  });
});
