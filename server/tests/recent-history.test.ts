import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Conversation, Entry } from '@chatcluster/protocol';
import { foldHistory } from '../src/domain/fold-history.ts';
import { type Cluster, type Person, startPods, type TestSocket } from './_pods.ts';

describe('history out of memory', () => {
  let cluster: Cluster;
  let ada: Person;
  let bob: Person;
  let group: Conversation;
  let entries: Entry[];
  let socket: TestSocket;

  before(async () => {
    cluster = await startPods(1);
    [ada, bob] = (await cluster.guests(2)) as [Person, Person];
    group = await cluster.group([ada, bob]);
    socket = await cluster.connect(ada);
    const other = await cluster.connect(bob);
    const ids: string[] = [];
    const rename = (title: string) => cluster.ok(ada, 'PATCH', `/v1/conversations/${group.id}`, { title });
    for (let i = 0; i < 12; i += 1) ids.push((await (i % 3 === 0 ? other : socket).send(group.id, `message ${i}`)).id);
    await rename('Twelve');
    const change = (messageId: string | undefined) => ({ conversationId: group.id, messageId: messageId!, clientMsgId: randomUUID() });
    await socket.send(group.id, 'a reply', { replyTo: ids[1] });
    const gone = await socket.send(group.id, 'a reply that goes', { replyTo: ids[1], mentions: [bob.id] });
    const lonely = await socket.send(group.id, 'the only reply, that goes', { replyTo: ids[3] });
    await socket.send(group.id, 'in a thread', { threadRoot: ids[2], mentions: [bob.id] });
    await socket.call('message:edit', { ...change(ids[1]), body: 'edited' });
    for (const id of [ids[4], gone.id]) {
      await socket.call('pin:set', { ...change(id), on: true });
      await socket.call('reaction:set', { ...change(id), emoji: '👍', on: true });
    }
    for (const id of [ids[4], gone.id, lonely.id]) await socket.call('message:delete', change(id));
    await socket.call('reaction:set', { ...change(ids[5]), emoji: '👍', on: true });
    await other.call('reaction:set', { ...change(ids[5]), emoji: '👍', on: true });
    await other.call('reaction:set', { ...change(ids[5]), emoji: '🎉', on: true });
    await socket.call('reaction:set', { ...change(ids[6]), emoji: '🎉', on: true });
    await socket.call('reaction:set', { ...change(ids[6]), emoji: '🎉', on: false });
    await socket.call('pin:set', { ...change(ids[7]), on: true });
    await socket.call('pin:set', { ...change(ids[8]), on: true });
    await socket.call('pin:set', { ...change(ids[8]), on: false });
    await rename('Many');
    entries = (await socket.call('sync', { cursors: { [group.id]: 0 } })).entries[group.id]!;
  });
  after(() => cluster[Symbol.asyncDispose]());

  const ranges = [
    {},
    { before: 9 },
    { before: 9, limit: 3 },
    { before: 15, limit: 3 },
    { before: 1 },
    { after: 0 },
    { after: 5, limit: 4 },
    { after: 12, limit: 2 },
    { after: 16 },
    { after: 40 },
    { around: 8, limit: 4 },
    { around: 8, limit: 1 },
  ];

  for (const range of ranges) {
    it(`is the page that Postgres gives for ${JSON.stringify(range)}`, async () => {
      const page = await socket.call('history', { conversationId: group.id, ...range });
      const { firstSeq } = group.me;
      const folded = foldHistory({ conversationId: group.id, entries, viewerId: ada.id, firstSeq, range: { limit: 50, ...range } });
      assert.deepEqual(folded, page);
    });
  }

  it('is not given when the entries do not reach back far enough', () => {
    const late = { conversationId: group.id, entries: entries.slice(8), viewerId: ada.id, firstSeq: 1 };
    for (const range of [{ before: 4 }, { after: 2 }, { around: 3 }])
      assert.equal(foldHistory({ ...late, range: { limit: 50, ...range } }), undefined);
    assert.equal(foldHistory({ ...late, range: { limit: 50 } })?.hasBefore, true);
  });

  it('shows nothing from before the viewer came', () => {
    const page = foldHistory({ conversationId: group.id, entries, viewerId: bob.id, firstSeq: 6, range: { limit: 50 } });
    assert.equal(page?.messages[0]?.seq, 6);
    assert.equal(page.hasBefore, false);
  });
});
