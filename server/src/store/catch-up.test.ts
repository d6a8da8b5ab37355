import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '@chatcluster/tools/testing';
import pg from 'pg';
import { changed, changeRow, createFixture, type Fixture, makeGroup, makeUsers, messageRow, send, sendMany, stored } from './_fixture.ts';

let fixture: Fixture;
before(async () => void (fixture = await createFixture()));
after(() => fixture[Symbol.asyncDispose]());

/** Appends in a transaction that stays open until `commit`. */
async function appendSlowly(conversationId: string, actorId: string): Promise<{ commit(): Promise<void> }> {
  const client = new pg.Client({ connectionString: fixture.databaseUrl });
  await client.connect();
  const row = messageRow(conversationId, actorId);
  await client.query('begin');
  await client.query("select * from append_entries($1, $2, '{message}', $3, '{null}', $4, '{null}', false)", [
    [conversationId],
    [row.id],
    [actorId],
    [row.data],
  ]);
  return {
    async commit() {
      await client.query('commit');
      await client.end();
    },
  };
}

test('never skips a conversation whose transaction commits after the token was made', async () => {
  const { store } = fixture;
  const [ann] = (await makeUsers(store, 1)) as [string];
  const [slow, fast] = [await makeGroup(store, [ann]), await makeGroup(store, [ann])];
  const start = await store.loadChanges({ userId: ann, limit: 10 });
  assert.equal(start.conversations.length, 2);
  const open = await appendSlowly(slow, ann);
  await send(store, fast, ann);
  const between = await store.loadChanges({ userId: ann, token: start.next, limit: 10 });
  assert.deepEqual(
    between.conversations.map((c) => c.id),
    [fast],
  );
  await open.commit();
  const last = await store.loadChanges({ userId: ann, token: between.next, limit: 10 });
  assert.deepEqual(
    last.conversations.map((c) => c.id),
    [slow],
  );
  assert.deepEqual((await store.loadChanges({ userId: ann, token: last.next, limit: 10 })).conversations, []);
});

test('pages changes under the first snapshot, latest first, and finds again what moved meanwhile', async () => {
  const { store } = fixture;
  const [ann] = (await makeUsers(store, 1)) as [string];
  const ids: string[] = [];
  for (let i = 0; i < 5; i++) ids.push(await makeGroup(store, [ann]));
  for (const id of ids) await send(store, id, ann);
  // Several commits fit into one millisecond; then the ids decide.
  await store.pool.query(
    'update conversations set last_at = now() - make_interval(mins => 10 - array_position($1, id)) where id = any ($1::uuid[])',
    [ids],
  );
  const first = await store.loadChanges({ userId: ann, limit: 2 });
  assert.deepEqual([first.conversations.map((c) => c.id), first.more], [[ids[4], ids[3]], true]);
  await send(store, ids[0]!, ann);
  const second = await store.loadChanges({ userId: ann, token: first.next, limit: 2 });
  const again = await store.loadChanges({ userId: ann, token: second.next, limit: 2 });
  assert.deepEqual([second.conversations.map((c) => c.id), second.more], [[ids[2], ids[1]], false]);
  assert.deepEqual(
    again.conversations.map((c) => c.id),
    [ids[0]],
  );
});

test('lists own reads, removals and deletions as changes', async () => {
  const { store } = fixture;
  const [ann, bob] = (await makeUsers(store, 2)) as [string, string];
  const [left, gone, kept] = [await makeGroup(store, [ann, bob]), await makeGroup(store, [ann, bob]), await makeGroup(store, [ann, bob])];
  await send(store, kept, ann);
  const { next } = await store.loadChanges({ userId: bob, limit: 10 });
  changed(await store.removeMember({ conversationId: left, actorId: ann, userId: bob, action: 'removed' }));
  changed(await store.deleteConversation(gone));
  await store.setRead({ userId: bob, conversationId: kept, read: 1 });
  const page = await store.loadChanges({ userId: bob, token: next, limit: 10 });
  assert.deepEqual(
    page.conversations.map((c) => [c.id, c.me.unread]),
    [[kept, 0]],
  );
  assert.deepEqual(
    page.removed.toSorted((a, b) => a.reason.localeCompare(b.reason)),
    [
      { conversationId: gone, reason: 'deleted' },
      { conversationId: left, reason: 'removed' },
    ],
  );
});

test('gives everything with reset for a token of another epoch and refuses nonsense', async () => {
  const { store } = fixture;
  const [ann] = (await makeUsers(store, 1)) as [string];
  await makeGroup(store, [ann]);
  const token = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const page = await store.loadChanges({ userId: ann, token: token([1, 99, '5:5:', null]), limit: 10 });
  assert.deepEqual([page.reset, page.conversations.length], [true, 1]);
  const future = await store.loadChanges({ userId: ann, token: token([1, 1, '900000000:900000000:', null]), limit: 10 });
  assert.equal(future.reset, true);
  assert.equal((await store.loadChanges({ userId: ann, token: page.next, limit: 10 })).conversations.length, 0);
  for (const bad of ['nonsense', token([1, 1, '9:5:', null]), token([1, 1, "'", null]), token({})]) {
    await assert.rejects(store.loadChanges({ userId: ann, token: bad, limit: 10 }), { code: 'invalid' });
  }
});

test('syncs in pages of at most 300 entries that starve no conversation', async () => {
  const { store } = fixture;
  const [ann] = (await makeUsers(store, 1)) as [string];
  const [deep, shallow] = [await makeGroup(store, [ann]), await makeGroup(store, [ann])];
  await sendMany(store, deep, ann, 700);
  await sendMany(store, shallow, ann, 5);
  const cursors: Record<string, number> = { [deep]: 0, [shallow]: 0 };
  const sizes: number[] = [];
  for (let more = true; more; ) {
    const page = await store.loadSync({ userId: ann, cursors });
    sizes.push(Object.values(page.entries).flat().length);
    for (const [id, entries] of Object.entries(page.entries)) {
      for (const entry of entries) assert.equal(entry.seq, ++cursors[id]!);
    }
    ({ more } = page);
  }
  assert.deepEqual([sizes, cursors], [[300, 300, 105], { [deep]: 700, [shallow]: 5 }]);
});

test('keeps a sync page below 512 KiB but always advances', async () => {
  const { store } = fixture;
  const [ann] = (await makeUsers(store, 1)) as [string];
  const c = await makeGroup(store, [ann]);
  await sendMany(
    store,
    c,
    ann,
    Array.from({ length: 30 }, () => 'ü'.repeat(20_000)),
  );
  const page = await store.loadSync({ userId: ann, cursors: { [c]: 0 } });
  assert.ok(Buffer.byteLength(JSON.stringify(page)) <= 512 * 1024);
  assert.deepEqual([page.entries[c]?.length, page.more], [13, true]);
});

test('skips to the newest hundred beyond a thousand missed and resets a cursor of the future', async () => {
  const { store } = fixture;
  const [ann] = (await makeUsers(store, 1)) as [string];
  const [long, short] = [await makeGroup(store, [ann]), await makeGroup(store, [ann])];
  await sendMany(store, long, ann, 1_002);
  const exact = await store.loadSync({ userId: ann, cursors: { [long]: 2, [short]: 1 } });
  assert.deepEqual([exact.limited, exact.reset, exact.entries[long]?.[0]?.seq], [{}, [short], 3]);
  const page = await store.loadSync({ userId: ann, cursors: { [long]: 1, [crypto.randomUUID()]: 5 } });
  assert.deepEqual(page.limited, { [long]: { from: 2, to: 902, reason: 'too_many' } });
  assert.deepEqual([page.entries[long]?.[0]?.seq, page.entries[long]?.length, page.more], [903, 100, false]);
});

test('pages history in both directions and around a message', async () => {
  const { store } = fixture;
  const [ann] = (await makeUsers(store, 1)) as [string];
  const c = await makeGroup(store, [ann]);
  const messageId = await send(store, c, ann);
  stored(await store.appendChange(changeRow(c, ann, 'pin', { messageId, on: true })));
  await sendMany(store, c, ann, 8);
  const at = async (query: object) => {
    const page = await store.loadHistory({ userId: ann, conversationId: c, limit: 4, ...query });
    return [page.messages.map((m) => m.seq), page.hasBefore, page.hasAfter];
  };
  assert.deepEqual(await at({}), [[7, 8, 9, 10], true, false]);
  assert.deepEqual(await at({ before: 4 }), [[1, 3], false, true]);
  assert.deepEqual(await at({ after: 1 }), [[3, 4, 5, 6], true, true]);
  assert.deepEqual(await at({ around: 5 }), [[3, 4, 5, 6], true, true]);
  assert.deepEqual(await at({ after: 10 }), [[], true, false]);
  assert.deepEqual(await at({ before: 1 }), [[], false, true]);
});

test('gives what happened between the messages of a page, and only what the reader may read', async () => {
  const { store } = fixture;
  const [ann, bob] = (await makeUsers(store, 2)) as [string, string];
  const c = await makeGroup(store, [ann]);
  const rename = (title: string) => store.patchConversation({ conversationId: c, actorId: ann, title });
  await rename('first');
  await sendMany(store, c, ann, 3);
  await rename('second');
  await sendMany(store, c, ann, 3);
  await store.addMembers({ conversationId: c, actorId: ann, userIds: [bob], role: 'member', action: 'added' });
  const at = async (userId: string, query: object) =>
    (await store.loadHistory({ userId, conversationId: c, limit: 2, ...query })).notes?.map(({ seq, type }) => [seq, type]);
  assert.deepEqual(await at(ann, {}), [[9, 'member']]);
  assert.deepEqual(await at(ann, { before: 7 }), [[5, 'conversation']]);
  assert.deepEqual(await at(ann, { before: 6 }), [[5, 'conversation']]);
  assert.deepEqual(await at(ann, { before: 3 }), [[1, 'conversation']]);
  assert.deepEqual(await at(ann, { after: 4 }), [[5, 'conversation']]);
  assert.deepEqual(await at(ann, { after: 8 }), [[9, 'member']]);
  assert.deepEqual(await at(ann, { around: 6 }), [[5, 'conversation']]);
  assert.deepEqual(await at(bob, {}), [[9, 'member']]);
});

test('reads the tail from a position that no late commit and no unpublished batch can fall behind', async () => {
  await using own = await createFixture(4);
  const { store } = own;
  const [ann] = (await makeUsers(store, 1)) as [string];
  const [a, b] = [await makeGroup(store, [ann]), await makeGroup(store, [ann])];
  const { safeXid } = await store.readTail(null);
  const first = await store.appendEntries([messageRow(a, ann), messageRow(a, ann)]);
  const second = await store.appendEntries([messageRow(b, ann)]);
  const seen = await store.readTail(safeXid);
  assert.deepEqual(
    seen.ranges.map((r) => [r.batchId, r.conversationId, r.fromSeq, r.toSeq]),
    [
      [first.batchId, a, 1, 2],
      [second.batchId, b, 1, 1],
    ],
  );
  await store.markPublished([second.batchId!]);
  // The first is still unpublished: the position stays before it.
  assert.equal((await store.readTail(seen.safeXid)).ranges.length, 2);
  const claimed: string[] = [];
  assert.equal(
    await store.claimOutbox(0, 10, async (ranges) => {
      claimed.push(...ranges.map((r) => r.batchId));
      return claimed;
    }),
    1,
  );
  assert.deepEqual(claimed, [first.batchId]);
  // Transactions of other tests in the same server hold the position back for a moment.
  await eventually(async () => (await store.readTail((await store.readTail(null)).safeXid)).ranges.length === 0);
  const [range] = await store.readRanges(seen.ranges);
  assert.deepEqual([range?.conversationId, range?.entries.map((e) => e.seq), range?.routing], [a, [1, 2], 'user']);
  assert.equal(await store.prunePublished(0), 2);
});
