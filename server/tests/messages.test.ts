import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Conversation, HistoryPage, Reactor, SendResult } from '@chatcluster/protocol';
import { startPods, type Cluster, type Person, type TestSocket } from './_pods.ts';

describe('messages over three pods', () => {
  let cluster: Cluster;
  let people: Person[];
  let group: Conversation;
  let sockets: TestSocket[];

  before(async () => {
    cluster = await startPods(3);
    people = await cluster.guests(3);
    group = await cluster.group(people);
    sockets = await Promise.all(people.map((person, i) => cluster.connect(person, i)));
  });
  after(() => cluster?.[Symbol.asyncDispose]());

  const lastSeq = async () => (await cluster.ok<Conversation>(people[0]!, 'GET', `/v1/conversations/${group.id}`)).lastSeq;

  it('reach every pod and every device, the sender’s own included, with contiguous numbers', async () => {
    using device = await cluster.connect(people[0]!, 2);
    const from = await lastSeq();
    const sent = await Promise.all(
      [0, 1, 2].flatMap((i) => Array.from({ length: 5 }, (_, n) => sockets[i]!.send(group.id, `from ${i}, ${n}`))),
    );
    assert.deepEqual(
      sent.map((s) => s.seq).sort((a, b) => a! - b!),
      Array.from({ length: 15 }, (_, i) => from + i + 1),
    );
    for (const socket of [...sockets, device]) {
      await socket.reached(group.id, from + 15);
      const seqs = socket
        .entries(group.id)
        .map((e) => e.seq)
        .filter((seq) => seq > from);
      assert.deepEqual(
        seqs,
        Array.from({ length: 15 }, (_, i) => from + i + 1),
      );
    }
    const bodies = sockets.map((s) =>
      s
        .entries(group.id)
        .filter((e) => e.seq > from)
        .map((e) => [e.seq, e.id, JSON.stringify(e.data)].join()),
    );
    assert.deepEqual(bodies[1], bodies[0]);
    assert.deepEqual(bodies[2], bodies[0]);
  });

  it('sent again with the same clientMsgId on another pod get the first id and seq', async () => {
    using device = await cluster.connect(people[0]!, 1);
    const payload = { conversationId: group.id, clientMsgId: randomUUID(), body: 'once' };
    const first = await sockets[0]!.call('message:send', payload);
    const again = await device.call('message:send', { ...payload, body: 'twice' });
    assert.deepEqual(again, { ...first, duplicate: true });
    const rest = await cluster.rest<SendResult>(people[0]!, 'POST', `/v1/conversations/${group.id}/messages`, payload, 2);
    assert.equal(rest.status, 200);
    assert.deepEqual(rest.body, { ...first, duplicate: true });
    const other = await sockets[1]!.call('message:send', payload);
    assert.notEqual(other.id, first.id);
    assert.equal(other.duplicate, undefined);
  });

  it('sent twice at the same moment on two pods are stored once', async () => {
    using device = await cluster.connect(people[0]!, 1);
    const payload = { conversationId: group.id, clientMsgId: randomUUID(), body: 'race' };
    const both = await Promise.all([
      sockets[0]!.call('message:send', payload),
      device.call('message:send', payload),
      sockets[0]!.call('message:send', payload),
    ]);
    assert.equal(new Set(both.map((s) => `${s.id} ${s.seq} ${s.at}`)).size, 1);
    assert.equal(both.filter((s) => s.duplicate).length, 2);
  });

  it('keep their order when one socket sends a hundred at once, replies among them', async () => {
    const parent = await sockets[0]!.send(group.id, 'parent');
    const sent = await Promise.all(
      Array.from({ length: 100 }, (_, i) =>
        sockets[0]!.send(group.id, `pipelined ${i}`, i % 10 === 3 ? { replyTo: parent.id } : i % 10 === 7 ? { threadRoot: parent.id } : {}),
      ),
    );
    assert.deepEqual(
      sent.map((s) => s.seq),
      Array.from({ length: 100 }, (_, i) => parent.seq! + 1 + i),
    );
  });

  it('keep their order while people come and go on another pod', async () => {
    const comers = await cluster.guests(4);
    const churn = (async () => {
      for (const comer of comers) await cluster.ok(people[0]!, 'POST', `/v1/conversations/${group.id}/members`, { userIds: [comer.id] }, 1);
      for (const comer of comers) await cluster.ok(people[0]!, 'DELETE', `/v1/conversations/${group.id}/members/${comer.id}`, undefined, 2);
    })();
    const sent: Promise<SendResult>[] = [];
    let isDone = false;
    void churn.finally(() => (isDone = true));
    while (!isDone) {
      for (let i = 0; i < 5; i += 1) sent.push(sockets[0]!.send(group.id, `pipelined ${sent.length}`));
      // At most 50 on the way, so that the stream of sends lasts as long as the coming and going.
      await sent[Math.max(0, sent.length - 50)];
      await nextTurn();
    }
    const seqs = (await Promise.all(sent)).map((s) => s.seq!);
    await churn;
    assert.deepEqual(
      seqs,
      seqs.toSorted((a, b) => a - b),
    );
  });

  it('can be edited by their author only, deleted by the author or an admin', async () => {
    const [owner, member, other] = sockets as [TestSocket, TestSocket, TestSocket];
    const { id: messageId } = await member.send(group.id, 'first');
    const target = () => ({ conversationId: group.id, messageId, clientMsgId: randomUUID() });
    const edit = { ...target(), body: 'second' };
    const { seq } = await member.call('message:edit', edit);
    assert.deepEqual(await member.call('message:edit', edit), { seq });
    const entry = await other.reached(group.id, seq);
    assert.equal(entry.type, 'edit');
    assert.deepEqual(entry.data, { messageId, body: 'second' });
    assert.equal((await owner.refused('message:edit', { ...target(), body: 'mine' })).code, 'forbidden');
    assert.equal((await other.refused('message:delete', target())).code, 'forbidden');
    const removal = target();
    const removed = await owner.call('message:delete', removal);
    assert.deepEqual(await owner.call('message:delete', removal), removed);
    assert.equal((await other.reached(group.id, removed.seq)).type, 'delete');
    assert.equal((await member.refused('message:edit', { ...target(), body: 'late' })).code, 'conflict');
    assert.equal((await member.refused('reaction:set', { ...target(), emoji: '👍', on: true })).code, 'conflict');
    const page = await other.call('history', { conversationId: group.id, limit: 1 });
    assert.equal(page.messages[0]!.body, '');
    assert.ok(page.messages[0]!.deletedAt);
  });

  it('take reactions and pins of every member', async () => {
    const [owner, member] = sockets as [TestSocket, TestSocket];
    const { id: messageId } = await owner.send(group.id, 'nice');
    const target = () => ({ conversationId: group.id, messageId, clientMsgId: randomUUID() });
    const first = await member.call('reaction:set', { ...target(), emoji: '👍', on: true });
    const same = await member.call('reaction:set', { ...target(), emoji: '👍', on: true });
    assert.ok(same.seq >= first.seq);
    assert.equal(await lastSeq(), first.seq);
    await owner.call('reaction:set', { ...target(), emoji: '👍', on: true });
    await owner.call('pin:set', { ...target(), on: true });
    const found = (await member.call('history', { conversationId: group.id, limit: 1 })).messages[0]!;
    assert.deepEqual(found.reactions, [{ emoji: '👍', count: 2, me: true }]);
    assert.ok(found.pinnedAt);
    const who = (query: string) =>
      cluster.ok<{ items: Reactor[]; nextCursor: string | null }>(
        people[1]!,
        'GET',
        `/v1/conversations/${group.id}/messages/${messageId}/reactions/${encodeURIComponent('👍')}?${query}`,
      );
    const earlier = await who('limit=1');
    const later = await who(`limit=1&cursor=${earlier.nextCursor}`);
    assert.deepEqual(
      [...earlier.items, ...later.items].map(({ userId }) => userId),
      [people[1]!.id, people[0]!.id],
    );
    assert.equal(later.nextCursor, null);
    assert.deepEqual((await who('')).items, [...earlier.items, ...later.items]);
    const off = await owner.call('pin:set', { ...target(), on: false });
    const entry = await member.reached(group.id, off.seq);
    assert.equal(entry.type, 'pin');
    assert.deepEqual(entry.data, { messageId, on: false });
  });

  it('answer not_found to strangers and for messages that are not there', async () => {
    const stranger = await cluster.connect(await cluster.guest(), 1);
    const { id: messageId } = await sockets[0]!.send(group.id, 'secret');
    const target = { conversationId: group.id, messageId, clientMsgId: randomUUID() };
    const calls: [string, object][] = [
      ['message:send', { ...target, body: 'x' }],
      ['message:edit', { ...target, body: 'x' }],
      ['message:delete', target],
      ['reaction:set', { ...target, emoji: 'x', on: true }],
      ['pin:set', { ...target, on: true }],
      ['history', target],
      ['receipt', { ...target, read: 1 }],
      ['typing', { ...target, on: true }],
      ['typing', { ...target, on: false }],
    ];
    for (const [event, payload] of calls) {
      assert.equal((await stranger.refused(event, payload)).code, 'not_found', event);
      assert.equal((await sockets[0]!.refused(event, { ...payload, conversationId: randomUUID() })).code, 'not_found', `${event} nowhere`);
    }
    for (const [event, payload] of calls.slice(1, 5)) {
      assert.equal((await sockets[0]!.refused(event, { ...payload, messageId: randomUUID() })).code, 'not_found', `${event} of no message`);
    }
    assert.equal((await sockets[0]!.refused('message:send', { ...target, body: 'x', replyTo: randomUUID() })).code, 'invalid');
  });

  it('obey the rules for their text', async () => {
    const send = (body: string, more = {}) =>
      sockets[0]!.refused('message:send', { conversationId: group.id, clientMsgId: randomUUID(), body, ...more });
    assert.equal((await send('  \n ')).code, 'invalid');
    assert.equal((await send('x'.repeat(8_001))).code, 'too_large');
    assert.equal((await send('x', { attachments: [randomUUID()] })).code, 'invalid');
    await sockets[0]!.send(group.id, '😀'.repeat(8_000));
  });

  it('read the same over the socket and over REST', async () => {
    const stored = await lastSeq();
    for (const range of [{}, { before: stored - 3, limit: 5 }, { after: 2, limit: 5 }, { around: 10, limit: 7 }]) {
      const overSocket = await sockets[1]!.call('history', { conversationId: group.id, ...range });
      const query = new URLSearchParams(Object.entries(range).map(([k, v]): [string, string] => [k, String(v)]));
      const { items, ...rest } = await cluster.ok<Omit<HistoryPage, 'messages'> & { items: unknown[] }>(
        people[1]!,
        'GET',
        `/v1/conversations/${group.id}/messages?${query}`,
        undefined,
        2,
      );
      assert.deepEqual({ messages: items, ...rest }, overSocket);
      assert.deepEqual(
        overSocket.messages.map((m) => m.seq),
        overSocket.messages.map((m) => m.seq).toSorted((a, b) => a - b),
      );
    }
  });

  it('are synchronised the same over the socket and over REST, and changes agree', async () => {
    const cursors = { [group.id]: Math.max(0, (await lastSeq()) - 20) };
    const overSocket = await sockets[1]!.call('sync', { cursors });
    assert.deepEqual(await cluster.ok(people[1]!, 'POST', '/v1/sync', { cursors }, 2), overSocket);
    assert.deepEqual(
      overSocket.entries[group.id]!.map((e) => e.seq),
      Array.from({ length: 20 }, (_, i) => cursors[group.id]! + 1 + i),
    );
    const ahead = await sockets[1]!.call('sync', { cursors: { [group.id]: 1_000_000 } });
    assert.deepEqual(ahead.reset, [group.id]);
    const changes = await sockets[1]!.call('changes', {});
    const { next: _a, ...overRest } = await cluster.ok<typeof changes>(people[1]!, 'GET', '/v1/changes', undefined, 2);
    const { next, ...rest } = changes;
    assert.deepEqual(overRest, rest);
    await sockets[0]!.send(group.id, 'news');
    const later = await sockets[1]!.call('changes', { since: next });
    assert.deepEqual(
      later.conversations.map((c) => c.id),
      [group.id],
    );
    assert.equal(later.conversations[0]!.lastMessage?.body, 'news');
    assert.equal((await sockets[1]!.refused('changes', { since: 'nonsense' })).code, 'invalid');
  });

  it('are pushed as changes when the socket came with `since`', async () => {
    const { next } = await sockets[2]!.call('changes', {});
    await sockets[0]!.send(group.id, 'while away');
    using back = await cluster.connect(people[2]!, 0, { auth: { token: people[2]!.accessToken, since: next } });
    const pushed = await back.next('changes');
    assert.equal(pushed.conversations[0]?.lastMessage?.body, 'while away');
  });

  it('from before a member came can be neither edited, reacted to, nor pinned by that member', async () => {
    const [ann, bob, eve] = people as [Person, Person, Person];
    const { id: conversationId } = await cluster.group([ann, eve]);
    const old = await sockets[0]!.send(conversationId, 'before');
    await cluster.ok(ann, 'POST', `/v1/conversations/${conversationId}/members`, { userIds: [bob.id] });
    const young = await sockets[0]!.send(conversationId, 'after');
    const change = (messageId: string) => ({ conversationId, messageId, clientMsgId: randomUUID() });
    const hidden = /not_found/;
    await assert.rejects(sockets[1]!.call('reaction:set', { ...change(old.id), emoji: '👍', on: true }), hidden);
    await assert.rejects(sockets[1]!.call('pin:set', { ...change(old.id), on: true }), hidden);
    await assert.rejects(sockets[1]!.call('message:edit', { ...change(old.id), body: 'mine' }), hidden);
    await sockets[1]!.call('reaction:set', { ...change(young.id), emoji: '👍', on: true });
    await sockets[2]!.call('pin:set', { ...change(old.id), on: true });
  });
});
