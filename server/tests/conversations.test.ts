import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Conversation, Member, SendResult } from '@chatcluster/protocol';
import { startPods, type Cluster, type Person } from './_pods.ts';

describe('conversations over three pods', () => {
  let cluster: Cluster;
  let ann: Person;
  let bob: Person;
  let eve: Person;

  before(async () => {
    cluster = await startPods(3);
    [ann, bob, eve] = (await Promise.all(['Ann', 'Bob', 'Eve'].map((name) => cluster.register(name)))) as [Person, Person, Person];
  });
  after(() => cluster?.[Symbol.asyncDispose]());

  const path = (conversation: { id: string }, more = '') => `/v1/conversations/${conversation.id}${more}`;
  const status = async (who: Person | null, method: string, to: string, body?: unknown, pod = 0) => {
    const answer = await cluster.rest<{ code?: string; status?: number; title?: string; retryable?: boolean }>(who, method, to, body, pod);
    if (answer.status < 400) return answer.status;
    assert.match(answer.headers.get('content-type')!, /^application\/problem\+json/);
    assert.equal(answer.body.status, answer.status);
    assert.equal(typeof answer.body.title, 'string');
    assert.equal(typeof answer.body.retryable, 'boolean');
    return `${answer.status} ${answer.body.code}`;
  };

  it('are managed with the rights of this very moment, also on a pod that has not heard of a demotion yet', async () => {
    const group = await cluster.group([ann, bob]);
    for (let i = 0; i < 15; i += 1) {
      await cluster.ok(ann, 'PATCH', path(group, `/members/${bob.id}`), { role: 'admin' }, 0);
      assert.equal(await status(bob, 'PATCH', path(group), { topic: `of an admin, ${i}` }, 1), 200);
      await cluster.ok(ann, 'PATCH', path(group, `/members/${bob.id}`), { role: 'member' }, 0);
      assert.equal(await status(bob, 'PATCH', path(group), { topic: `of a member, ${i}` }, 1), '403 forbidden');
    }
  });

  it('tell everybody in them on every pod when they begin, change and end', async () => {
    using a = await cluster.connect(ann, 0);
    using b = await cluster.connect(bob, 1);
    using e = await cluster.connect(eve, 2);
    const group = await cluster.group([ann, bob]);
    const added = await b.next('conversation:added', ({ conversation }) => conversation.id === group.id);
    assert.equal(added.conversation.me.role, 'member');
    assert.equal((await a.next('conversation:added', ({ conversation }) => conversation.id === group.id)).conversation.me.role, 'owner');

    const renamed = await cluster.ok<Conversation>(ann, 'PATCH', path(group), { title: 'New', topic: 'Things' }, 1);
    assert.deepEqual([renamed.title, renamed.topic], ['New', 'Things']);
    assert.deepEqual((await b.reached(group.id, renamed.lastSeq)).data, { title: 'New', topic: 'Things' });

    await cluster.ok(ann, 'POST', path(group, '/members'), { userIds: [eve.id] }, 2);
    const { conversation } = await e.next('conversation:added', (added) => added.conversation.id === group.id);
    assert.equal(conversation.me.firstSeq, conversation.lastSeq);
    const first = await e.send(group.id, 'at once, from another pod');
    assert.equal((await a.reached(group.id, first.seq!)).actorId, eve.id);

    await cluster.ok(ann, 'PATCH', path(group, `/members/${eve.id}`), { role: 'readonly' }, 0);
    await e.reached(group.id, first.seq! + 1);
    assert.equal((await e.refused('message:send', { conversationId: group.id, clientMsgId: randomUUID(), body: 'x' })).code, 'forbidden');

    await cluster.ok(bob, 'POST', path(group, '/leave'), undefined, 1);
    assert.equal((await b.next('conversation:removed', (r) => r.conversationId === group.id)).reason, 'left');
    await cluster.ok(ann, 'DELETE', path(group), undefined, 1);
    assert.equal((await e.next('conversation:removed', (r) => r.conversationId === group.id)).reason, 'deleted');
    assert.equal((await a.refused('history', { conversationId: group.id })).code, 'not_found');
    assert.deepEqual(
      (await a.call('changes', {})).conversations.filter((c) => c.id === group.id),
      [],
    );
  });

  it('deliver nothing above the removal to a removed member, while others send from other pods', async () => {
    const group = await cluster.group([ann, bob, eve]);
    using a = await cluster.connect(ann, 0);
    using b = await cluster.connect(bob, 1);
    using e = await cluster.connect(eve, 2);
    let isSending = true;
    const keepSending = async (socket: typeof a) => {
      for (let i = 0; isSending; i += 1) {
        await socket.send(group.id, `${i}`);
        await nextTurn();
      }
    };
    const senders = [keepSending(a), keepSending(b)];
    await e.next('entries', ({ conversationId, entries }) => conversationId === group.id && entries.some((entry) => entry.seq > 20));
    await cluster.ok(ann, 'DELETE', path(group, `/members/${eve.id}`), undefined, 1);
    const removal = (
      await a.next('entries', ({ entries }) => entries.some((entry) => entry.type === 'member' && entry.data.action === 'removed'))
    ).entries.find((entry) => entry.type === 'member')!;
    await a.next('entries', ({ entries }) => entries.some((entry) => entry.seq > removal.seq + 30));
    isSending = false;
    await Promise.all(senders);
    await e.next('conversation:removed', (r) => r.conversationId === group.id && r.reason === 'removed');
    // The answer to a call comes after whatever was written to this socket before.
    assert.equal((await e.refused('message:send', { conversationId: group.id, clientMsgId: randomUUID(), body: 'x' })).code, 'not_member');
    assert.equal(Math.max(...e.entries(group.id).map((entry) => entry.seq)), removal.seq);
    const synced = await e.call('sync', { cursors: { [group.id]: removal.seq - 2 } });
    assert.ok((synced.entries[group.id] ?? []).every((entry) => entry.seq <= removal.seq));
    const history = await e.emit<{ messages: { seq: number }[] }>('history', { conversationId: group.id });
    if (history.ok) assert.ok(history.data.messages.every((m) => m.seq <= removal.seq));
    else assert.equal(history.error.code, 'not_member');
    assert.equal((await e.refused('receipt', { conversationId: group.id, read: 1 })).code, 'not_member');
    assert.equal((await e.refused('typing', { conversationId: group.id, on: true })).code, 'not_member');
    assert.equal(await status(eve, 'GET', path(group, '/members'), undefined, 2), '403 not_member');
  });

  it('are direct once per pair, and private', async () => {
    const input = { kind: 'direct', memberIds: [bob.id] };
    const first = await cluster.rest<Conversation>(ann, 'POST', '/v1/conversations', input);
    assert.equal(first.status, 201);
    const again = await cluster.rest<Conversation>(bob, 'POST', '/v1/conversations', { kind: 'direct', memberIds: [ann.id] }, 1);
    assert.deepEqual([again.status, again.body.id], [200, first.body.id]);
    assert.equal(await status(eve, 'GET', path(first.body)), '404 not_found');
    assert.equal(await status(ann, 'POST', path(first.body, '/leave')), '403 forbidden');
    assert.equal(await status(ann, 'POST', path(first.body, '/members'), { userIds: [eve.id] }), '403 forbidden');
    assert.equal(await status(eve, 'POST', path(first.body, '/join')), '404 not_found');
  });

  it('as channels can be found and joined by anyone, with their history', async () => {
    const title = `Channel ${randomUUID()}`;
    const input = { kind: 'channel', title, clientId: randomUUID() };
    const channel = await cluster.ok<Conversation>(ann, 'POST', '/v1/conversations', input);
    const again = await cluster.rest<Conversation>(ann, 'POST', '/v1/conversations', input, 1);
    assert.deepEqual([again.status, again.body.id], [200, channel.id]);
    using a = await cluster.connect(ann, 0);
    await a.send(channel.id, 'before');
    const found = await cluster.ok<{ items: { id: string; joined: boolean }[] }>(
      bob,
      'GET',
      `/v1/channels?q=${encodeURIComponent(title)}`,
      undefined,
      1,
    );
    assert.deepEqual(
      found.items.map((c) => [c.id, c.joined]),
      [[channel.id, false]],
    );
    using b = await cluster.connect(bob, 1);
    const joined = await cluster.ok<Conversation>(bob, 'POST', path(channel, '/join'), undefined, 2);
    assert.equal(joined.me.firstSeq, 1);
    await b.next('conversation:added', ({ conversation }) => conversation.id === channel.id);
    assert.deepEqual(
      (await b.call('history', { conversationId: channel.id })).messages.map((m) => m.body),
      ['before'],
    );
    assert.equal(await status(bob, 'POST', path(channel, '/join')), 200);
    assert.equal(await status(bob, 'POST', path(channel, '/leave')), 204);
    assert.equal(await status(bob, 'POST', path(channel, '/join')), 200);
    await cluster.ok(ann, 'PATCH', path(channel), { archived: true });
    assert.equal(await status(bob, 'POST', path(channel, '/messages'), { clientMsgId: randomUUID(), body: 'x' }, 2), '403 forbidden');
    assert.equal(await status(await cluster.guest(), 'POST', '/v1/conversations', { kind: 'channel', title: 'x' }), '403 forbidden');
  });

  it('have roles that only those above may give and take', async () => {
    const dan = await cluster.guest();
    const group = await cluster.group([ann, bob, eve, dan]);
    const role = (who: Person, whom: Person, to: string) => status(who, 'PATCH', path(group, `/members/${whom.id}`), { role: to });
    assert.equal(await role(bob, eve, 'readonly'), '403 forbidden');
    assert.equal(await role(ann, bob, 'admin'), 204);
    assert.equal(await role(bob, eve, 'readonly'), 204);
    assert.equal(await role(bob, eve, 'admin'), '403 forbidden');
    assert.equal(await role(bob, ann, 'member'), '403 forbidden');
    assert.equal(await role(ann, { ...eve, id: randomUUID() }, 'admin'), '404 not_found');
    assert.equal(await role(ann, eve, 'boss'), '422 invalid');
    assert.equal(await status(bob, 'DELETE', path(group)), '403 forbidden');
    assert.equal(await status(bob, 'DELETE', path(group, `/members/${ann.id}`)), '403 forbidden');
    assert.equal(await status(bob, 'DELETE', path(group, `/members/${dan.id}`)), 204);
    assert.equal(await status(bob, 'DELETE', path(group, `/members/${dan.id}`)), '404 not_found');
    const { items } = await cluster.ok<{ items: Member[] }>(eve, 'GET', path(group, '/members'), undefined, 1);
    assert.deepEqual(items.map((m) => m.role).sort(), ['admin', 'owner', 'readonly']);
    const page = await cluster.ok<{ items: Member[]; nextCursor: string }>(bob, 'GET', path(group, '/members?limit=2'));
    const rest = await cluster.ok<{ items: Member[]; nextCursor: null }>(
      bob,
      'GET',
      path(group, `/members?limit=2&cursor=${encodeURIComponent(page.nextCursor)}`),
    );
    assert.deepEqual([page.items.length, rest.items.length, rest.nextCursor], [2, 1, null]);
  });

  it('keep own settings and read positions on all devices', async () => {
    const group = await cluster.group([ann, bob]);
    using device = await cluster.connect(bob, 2);
    using a = await cluster.connect(ann, 0);
    const sent = await Promise.all([1, 2, 3].map((n) => a.send(group.id, `${n}`, { mentions: [bob.id] })));
    const me = await cluster.ok<{ level: string }>(bob, 'PATCH', path(group, '/me'), { level: 'mentions', favourite: true }, 1);
    assert.equal(me.level, 'mentions');
    assert.equal((await device.next('conversation:me', (m) => m.me.level === 'mentions')).me.unread, 3);
    assert.equal(await status(bob, 'POST', path(group, '/read'), { seq: 1_000 }, 1), 204);
    const read = await device.next('conversation:me', (m) => m.me.unread === 0);
    assert.equal(read.me.readSeq, sent[2]!.seq);
    await a.next('receipts', (r) => r.conversationId === group.id && r.userId === bob.id && r.read === sent[2]!.seq);
    assert.ok((await cluster.rest(bob, 'POST', path(group, '/unread'), { seq: sent[0]!.seq }, 0)).status < 300);
    const back = await device.next('conversation:me', (m) => m.me.unread === 2);
    assert.deepEqual([back.me.readSeq, back.me.mentions], [sent[0]!.seq, 2]);
    assert.deepEqual(
      a.all('receipts').filter((r) => r.conversationId === group.id && r.read === sent[0]!.seq),
      [],
    );
  });

  it('answer every route of messages over REST, and every misuse with a problem', async () => {
    const group = await cluster.group([ann, bob]);
    const messages = path(group, '/messages');
    const input = { clientMsgId: randomUUID(), body: 'over REST' };
    const sent = await cluster.rest<SendResult>(ann, 'POST', messages, input);
    assert.equal(sent.status, 201);
    const one = `${messages}/${sent.body.id}`;
    assert.equal(await status(ann, 'POST', messages, input, 1), 200);
    const expectations: [Person | null, string, string, unknown, number | string][] = [
      [ann, 'PATCH', one, { body: 'edited' }, 200],
      [bob, 'PATCH', one, { body: 'x' }, '403 forbidden'],
      [ann, 'PATCH', one, { body: 7 }, '422 invalid'],
      [bob, 'PUT', `${one}/reactions/${encodeURIComponent('👍')}`, undefined, 200],
      [bob, 'GET', `${one}/reactions/${encodeURIComponent('👍')}`, undefined, 200],
      [bob, 'GET', `${one}/reactions/${encodeURIComponent('👍')}?cursor=x`, undefined, '422 invalid'],
      [eve, 'GET', `${one}/reactions/${encodeURIComponent('👍')}`, undefined, '404 not_found'],
      [bob, 'DELETE', `${one}/reactions/${encodeURIComponent('👍')}`, undefined, 200],
      [bob, 'PUT', `${one}/reactions/%00`, undefined, '422 invalid'],
      [bob, 'PUT', `${one}/reactions/%E0%A4%A`, undefined, '400 invalid'],
      [bob, 'PUT', `${one}/pin`, undefined, 200],
      [bob, 'DELETE', `${one}/pin`, undefined, 200],
      [bob, 'GET', `${one}/receipts`, undefined, 200],
      [eve, 'GET', `${one}/receipts`, undefined, '404 not_found'],
      [eve, 'GET', messages, undefined, '404 not_found'],
      [eve, 'POST', messages, input, '404 not_found'],
      [bob, 'GET', `${messages}/${randomUUID()}/receipts`, undefined, '404 not_found'],
      [bob, 'GET', `${messages}?before=x`, undefined, '422 invalid'],
      [bob, 'GET', `${messages}?before=1&after=1`, undefined, '422 invalid'],
      [bob, 'DELETE', one, undefined, '403 forbidden'],
      [ann, 'DELETE', one, undefined, 200],
      [ann, 'PATCH', one, { body: 'x' }, '409 conflict'],
      [ann, 'POST', messages, { body: 'x' }, '422 invalid'],
      [ann, 'POST', messages, { clientMsgId: randomUUID(), body: 'x'.repeat(8_001) }, '413 too_large'],
      [ann, 'POST', messages, { body: 'x'.repeat(2_000_000) }, '413 too_large'],
      [ann, 'POST', messages, { clientMsgId: randomUUID(), body: '' }, '422 invalid'],
      [null, 'GET', messages, undefined, '401 unauthenticated'],
      [ann, 'GET', '/v1/conversations/x', undefined, '422 invalid'],
      [ann, 'GET', path({ id: randomUUID() }), undefined, '404 not_found'],
      [ann, 'POST', '/v1/conversations', { kind: 'party' }, '422 invalid'],
      [ann, 'POST', '/v1/conversations', { kind: 'channel' }, '422 invalid'],
      [ann, 'POST', '/v1/conversations', { kind: 'direct', memberIds: [] }, '422 invalid'],
      [ann, 'POST', '/v1/conversations', { kind: 'direct', memberIds: [randomUUID()] }, '404 not_found'],
      [ann, 'POST', path(group, '/members'), { userIds: [randomUUID()] }, '404 not_found'],
      [ann, 'POST', path(group, '/members'), { userIds: [] }, '422 invalid'],
      [ann, 'POST', '/v1/sync', { cursors: { x: 1 } }, '422 invalid'],
      [ann, 'GET', '/v1/changes?since=nonsense', undefined, '422 invalid'],
      [ann, 'GET', '/v1/changes?limit=1000', undefined, '422 invalid'],
      [ann, 'GET', '/v1/nothing', undefined, '404 not_found'],
      [ann, 'GET', '/v1/conversations?limit=1', undefined, 200],
      [ann, 'POST', path(group, '/read'), { seq: -1 }, '422 invalid'],
      [eve, 'POST', path(group, '/read'), { seq: 1 }, '404 not_found'],
      [eve, 'PATCH', path(group, '/me'), { level: 'all' }, '404 not_found'],
      [bob, 'PATCH', path(group), { title: 'x' }, '403 forbidden'],
      [eve, 'POST', path(group, '/leave'), undefined, '404 not_found'],
    ];
    for (const [who, method, to, body, expected] of expectations) {
      assert.equal(await status(who, method, to, body, 2), expected, `${method} ${to} ${JSON.stringify(body)?.slice(0, 80)}`);
    }
    const broken = await fetch(cluster.pod(0).url + messages, {
      method: 'POST',
      body: '{',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${ann.accessToken}` },
    });
    assert.deepEqual([broken.status, ((await broken.json()) as { code: string }).code], [400, 'invalid']);
  });
});
