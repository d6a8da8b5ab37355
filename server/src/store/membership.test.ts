import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { changed, createFixture, type Fixture, makeGroup, makeUsers, send, sendMany } from './_fixture.ts';

let fixture: Fixture;
before(async () => void (fixture = await createFixture()));
after(() => fixture[Symbol.asyncDispose]());

test('gives one conversation to a pair that both of them create at once', async () => {
  const { store } = fixture;
  const [ann, bob] = (await makeUsers(store, 2)) as [string, string];
  const directKey = [ann, bob].sort().join(':');
  const made = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      store.createConversation({
        id: randomUUID(),
        kind: 'direct',
        history: 'all',
        creatorId: i % 2 ? ann : bob,
        memberIds: [ann, bob],
        directKey,
      }),
    ),
  );
  assert.equal(new Set(made.map((m) => m.id)).size, 1);
  assert.equal(made.filter((m) => m.created).length, 1);
  assert.equal((await store.loadConversation(ann, made[0]!.id)).memberCount, 2);
});

test('creates by client id once and writes the title as an entry', async () => {
  const { store } = fixture;
  const [ann] = (await makeUsers(store, 1)) as [string];
  const input = { kind: 'group', title: 'Plans', history: 'joined', creatorId: ann, memberIds: [], clientId: randomUUID() } as const;
  const first = await store.createConversation({ ...input, id: randomUUID(), memberIds: [] });
  const second = await store.createConversation({ ...input, id: randomUUID(), memberIds: [] });
  assert.deepEqual([first.created, second.created, second.id], [true, false, first.id]);
  assert.deepEqual(
    first.changes.map((c) => [c.seq, c.entry.type]),
    [[1, 'conversation']],
  );
  const shown = await store.loadConversation(ann, first.id);
  assert.deepEqual([shown.title, shown.lastSeq, shown.me.role], ['Plans', 1, 'owner']);
});

test('lets a removed member read up to the removal and a new one from joining on (G6)', async () => {
  const { store } = fixture;
  const [ann, bob] = (await makeUsers(store, 2)) as [string, string];
  const c = await makeGroup(store, [ann, bob]);
  await sendMany(store, c, ann, 3);
  const removal = changed(await store.removeMember({ conversationId: c, actorId: ann, userId: bob, action: 'removed' }));
  assert.deepEqual(
    removal.changes.map((x) => x.seq),
    [4],
  );
  await sendMany(store, c, ann, 2);

  const readable = await store.loadSync({ userId: bob, cursors: { [c]: 1 } });
  assert.deepEqual(
    readable.entries[c]?.map((e) => e.seq),
    [2, 3, 4],
  );
  assert.equal(readable.more, true);
  assert.deepEqual(await store.loadSync({ userId: bob, cursors: { [c]: 4 } }), {
    entries: {},
    limited: { [c]: { from: 5, to: 6, reason: 'not_member' } },
    reset: [],
    more: false,
  });
  await assert.rejects(store.loadHistory({ userId: bob, conversationId: c, limit: 10 }), { code: 'not_member' });
  await assert.rejects(store.loadConversation(bob, c), { code: 'not_member' });
  await assert.rejects(store.loadHistory({ userId: randomUUID(), conversationId: c, limit: 10 }), { code: 'not_found' });

  const added = changed(await store.addMembers({ conversationId: c, actorId: ann, userIds: [bob, bob], role: 'member', action: 'added' }));
  assert.deepEqual([added.changes.map((x) => x.seq), added.userIds, added.memberVersion], [[7], [bob], 3]);
  await sendMany(store, c, ann, 1);
  const back = await store.loadSync({ userId: bob, cursors: { [c]: 1 } });
  assert.deepEqual(back.limited[c], { from: 2, to: 6, reason: 'not_member' });
  assert.deepEqual(
    back.entries[c]?.map((e) => e.seq),
    [7, 8],
  );
  const history = await store.loadHistory({ userId: bob, conversationId: c, limit: 10 });
  assert.deepEqual([history.messages.map((m) => m.seq), history.hasBefore], [[8], false]);
  const [access] = await store.loadAccess([c]);
  assert.deepEqual([access?.memberVersion, access?.members.get(bob), access?.former.size], [3, { role: 'member', firstSeq: 7 }, 0]);
});

test('hands ownership to the oldest admin when the owner leaves', async () => {
  const { store } = fixture;
  const [ann, bob, cid] = (await makeUsers(store, 3)) as [string, string, string];
  const c = await makeGroup(store, [ann, bob, cid]);
  changed(await store.setRole({ conversationId: c, actorId: ann, userId: cid, role: 'admin', expectVersion: 1 }));
  assert.deepEqual(await store.setRole({ conversationId: c, actorId: ann, userId: bob, role: 'admin', expectVersion: 1 }), {
    status: 'stale',
    memberVersion: 2,
  });
  const left = changed(await store.removeMember({ conversationId: c, actorId: ann, userId: ann, action: 'left' }));
  assert.deepEqual(
    left.changes.map((x) => x.entry.data),
    [
      { userId: cid, action: 'role', role: 'owner' },
      { userId: ann, action: 'left' },
    ],
  );
  assert.equal((await store.loadAccess([c]))[0]?.members.get(cid)?.role, 'owner');
});

test('routes by conversation above a hundred members and by user again below eighty', async () => {
  const { store } = fixture;
  const users = await makeUsers(store, 102);
  const owner = users[0]!;
  const c = await makeGroup(store, users.slice(0, 100));
  const grown = changed(
    await store.addMembers({ conversationId: c, actorId: owner, userIds: users.slice(100), role: 'member', action: 'added' }),
  );
  assert.deepEqual([grown.routing, grown.memberCount, grown.changes.length], ['conversation', 102, 2]);
  assert.deepEqual(await store.listLargeConversations(owner), [c]);
  assert.equal((await store.loadConversation(owner, c)).members, undefined);
  const full = await store.addMembers({
    conversationId: c,
    actorId: owner,
    userIds: await makeUsers(store, 1),
    role: 'member',
    action: 'added',
    maxMembers: 102,
  });
  assert.equal(full.status, 'full');
  let routing = '';
  for (const userId of users.slice(79).toReversed()) {
    ({ routing } = changed(await store.removeMember({ conversationId: c, actorId: owner, userId, action: 'removed' })));
  }
  assert.equal(routing, 'user');
  const page = await store.listMembers(c, { limit: 50 });
  const rest = await store.listMembers(c, { limit: 50, cursor: page.nextCursor! });
  assert.deepEqual([page.items.length, rest.items.length, rest.nextCursor], [50, 29, null]);
});

test('reports receipts monotonically and keeps them when a reader marks as unread', async () => {
  const { store } = fixture;
  const [ann, bob] = (await makeUsers(store, 2)) as [string, string];
  const c = await makeGroup(store, [ann, bob]);
  const messageId = await send(store, c, ann, { body: 'hi', mentions: [bob] });
  await send(store, c, ann);
  const delivered = await store.setRead({ userId: bob, conversationId: c, delivered: 2 });
  assert.deepEqual(
    [delivered?.moved, delivered?.delivered, delivered?.read, delivered?.me.unread, delivered?.me.mentions],
    [false, 2, undefined, 2, 1],
  );
  const read = await store.setRead({ userId: bob, conversationId: c, read: 99 });
  assert.deepEqual([read?.moved, read?.delivered, read?.read, read?.me.unread], [true, undefined, 2, 0]);
  assert.equal((await store.setRead({ userId: bob, conversationId: c, read: 1 }))?.moved, false);
  const back = await store.setUnread(bob, c, 0);
  assert.deepEqual([back.readSeq, back.unread, back.mentions], [0, 2, 1]);
  assert.deepEqual(await store.messageReceipts(c, messageId), [{ userId: bob, delivered: true, read: true }]);
  assert.equal(await store.messageReceipts(c, randomUUID()), null);
  const again = await store.setRead({ userId: bob, conversationId: c, read: 2 });
  assert.deepEqual([again?.moved, again?.read], [true, undefined]);
  assert.equal((await store.patchMe({ userId: bob, conversationId: c, level: 'none', favourite: true })).favourite, true);
  assert.equal(await store.setRead({ userId: randomUUID(), conversationId: c, read: 1 }), null);
});

test('gives each own state a newer version than the one before, whoever writes it, and none for a delivery', async () => {
  const { store } = fixture;
  const [ann, bob] = (await makeUsers(store, 2)) as [string, string];
  const c = await makeGroup(store, [ann, bob]);
  await sendMany(store, c, ann, 3);
  const version = async () => (await store.loadConversation(bob, c)).me.version ?? 0;
  let before = await version();
  const change = async (how: string, run: () => Promise<unknown>) => {
    await run();
    const now = await version();
    assert.ok(now > before, `${how}: ${before}, then ${now}`);
    before = now;
  };
  await store.setRead({ userId: bob, conversationId: c, delivered: 3 });
  assert.equal(await version(), before);
  await change('reading', () => store.setRead({ userId: bob, conversationId: c, read: 2 }));
  await change('marking as unread', () => store.setUnread(bob, c, 0));
  await change('a setting', () => store.patchMe({ userId: bob, conversationId: c, level: 'none' }));
  await change('a role', () => store.setRole({ conversationId: c, actorId: ann, userId: bob, role: 'admin' }));
  const sql = "update members set role = 'member' where conversation_id = $1 and user_id = $2";
  await change('a pod that knows nothing of versions', () => store.pool.query(sql, [c, bob]));
});

test('browses channels, changes titles and forgets deleted conversations', async () => {
  const { store } = fixture;
  const [ann, bob] = (await makeUsers(store, 2)) as [string, string];
  for (const title of ['Zebra talk', 'apple talk', 'other']) {
    await store.createConversation({ id: randomUUID(), kind: 'channel', title, history: 'all', creatorId: ann, memberIds: [] });
  }
  const first = await store.browseChannels(bob, 'TALK', { limit: 1 });
  const second = await store.browseChannels(bob, 'TALK', { limit: 1, cursor: first.nextCursor! });
  assert.deepEqual(
    [first.items[0]?.title, first.items[0]?.joined, second.items[0]?.title, second.nextCursor],
    ['apple talk', false, 'Zebra talk', null],
  );
  await assert.rejects(store.browseChannels(bob, '', { limit: 1, cursor: 'nonsense' }), { code: 'invalid' });
  const id = first.items[0]!.id;
  const patched = changed(await store.patchConversation({ conversationId: id, actorId: ann, topic: 'fruit' }));
  assert.deepEqual([patched.changes[0]?.entry.data, patched.memberVersion], [{ topic: 'fruit' }, 1]);
  assert.deepEqual(changed(await store.deleteConversation(id)).userIds, [ann]);
  await assert.rejects(store.loadConversation(ann, id), { code: 'not_found' });
  assert.equal((await store.patchConversation({ conversationId: id, actorId: ann, title: 'x' })).status, 'missing');
});

test('knows who shares a conversation', async () => {
  const { store } = fixture;
  const [ann, bob, cid] = (await makeUsers(store, 3)) as [string, string, string];
  await makeGroup(store, [ann, bob]);
  assert.deepEqual(await store.sharesConversation(ann, [bob, cid]), [bob]);
  assert.deepEqual(await store.listPeers(ann), [bob]);
});
