import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { changeRow, createFixture, type Fixture, makeGroup, makeUsers, messageRow, send, stored } from './_fixture.ts';
import { createDataSource, migrate } from './migrate.ts';
import type { AppendRow } from './types.ts';

let fixture: Fixture;
before(async () => void (fixture = await createFixture()));
after(() => fixture[Symbol.asyncDispose]());

test('numbers entries without gaps while twenty batches over the same conversations run at once', async () => {
  const { store } = fixture;
  const [user] = (await makeUsers(store, 1)) as [string];
  const conversations = await Promise.all([makeGroup(store, [user]), makeGroup(store, [user]), makeGroup(store, [user])]);
  const twice = conversations.map((c) => messageRow(c, user));
  const batches = Array.from({ length: 20 }, (_, i) => {
    const rows = conversations.flatMap((c) => [messageRow(c, user), messageRow(c, user)]);
    // The same three messages travel in every batch, and the order of conversations differs.
    return [...rows, ...twice].sort(() => (i % 2 === 0 ? 1 : -1));
  });
  const outcomes = await Promise.all(batches.map((rows) => store.appendEntries(rows)));

  for (const c of conversations) {
    const { rows } = await store.pool.query<{ seq: number }>('select seq from entries where conversation_id = $1 order by seq', [c]);
    assert.deepEqual(
      rows.map((r) => r.seq),
      Array.from({ length: 41 }, (_, i) => i + 1),
    );
  }
  for (const row of twice) {
    const answers = batches.flatMap((rows, b) => rows.flatMap((r, i) => (r.id === row.id ? [outcomes[b]!.results[i]!] : [])));
    assert.equal(answers.filter((a) => a.status === 'stored').length, 1);
    assert.equal(new Set(answers.map((a) => ('seq' in a ? a.seq : 0))).size, 1);
  }
});

test('answers stale, missing, duplicate and invalid rows alone and stores the rest', async () => {
  const { store } = fixture;
  const [user] = (await makeUsers(store, 1)) as [string];
  const c = await makeGroup(store, [user]);
  const first = messageRow(c, user);
  const outcome = await store.appendEntries([
    first,
    messageRow(c, user, { expectVersion: 9 }),
    first,
    messageRow(c, user, { data: '{"body":"\\u0000"}' }),
    messageRow(crypto.randomUUID(), user),
    messageRow(c, user, { expectVersion: 1 }),
  ]);
  assert.deepEqual(
    outcome.results.map((r) => r.status),
    ['stored', 'stale', 'duplicate', 'invalid', 'missing', 'stored'],
  );
  assert.deepEqual(
    outcome.results.map((r) => ('seq' in r ? r.seq : null)),
    [1, null, 1, null, null, 2],
  );
  assert.match(outcome.results.map((r) => ('at' in r ? r.at : ''))[0]!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const again = await store.appendEntries([first]);
  assert.deepEqual([again.batchId, again.results[0]!.status], [null, 'duplicate']);
});

test('folds edits, reactions, pins and replies into the message and scrubs all of it when it is deleted', async () => {
  const { store } = fixture;
  const [ann, bob] = (await makeUsers(store, 2)) as [string, string];
  const c = await makeGroup(store, [ann, bob]);
  const messageId = await send(store, c, ann, { body: 'one' });
  await send(store, c, bob, { body: 'a reply', threadRoot: messageId });
  const edit = changeRow(c, ann, 'edit', { messageId, body: 'two' });
  assert.equal(stored(await store.appendChange(edit)).entry.type, 'edit');
  assert.equal((await store.appendChange(edit)).status, 'duplicate');
  const like = { messageId, emoji: '👍', on: true };
  stored(await store.appendChange(changeRow(c, bob, 'reaction', like)));
  assert.deepEqual(await store.appendChange(changeRow(c, bob, 'reaction', like)), { status: 'unchanged', seq: 4 });
  stored(await store.appendChange(changeRow(c, ann, 'pin', { messageId, on: true })));

  const message = await store.findMessage(c, messageId, bob);
  assert.deepEqual([message?.body, message?.replyCount, message?.reactions], ['two', 1, [{ emoji: '👍', count: 1, me: true }]]);
  assert.ok(message?.editedAt && message.pinnedAt);

  const removal = stored(await store.appendChange(changeRow(c, ann, 'delete', { messageId })));
  const { messages } = await store.loadHistory({ userId: bob, conversationId: c, limit: 10 });
  assert.equal(messages.length, 2);
  const [deleted] = messages;
  assert.deepEqual([deleted?.body, deleted?.reactions, deleted?.deletedAt, deleted?.pinnedAt], ['', [], removal.at, undefined]);
  const { rows } = await store.pool.query('select 1 from entries where conversation_id = $1 and data::text ~ $2', [c, 'one|two']);
  assert.equal(rows.length, 0);
  assert.equal((await store.appendChange(changeRow(c, ann, 'edit', { messageId, body: 'x' }))).status, 'gone');
  assert.equal((await store.appendChange(changeRow(c, ann, 'delete', { messageId }))).status, 'unchanged');
});

test('keeps the place of an emoji while somebody reacts with it, and pins at the time of the entry', async () => {
  const { store } = fixture;
  const [ann, bob] = (await makeUsers(store, 2)) as [string, string];
  const c = await makeGroup(store, [ann, bob]);
  const messageId = await send(store, c, ann, { body: 'one' });
  const react = (userId: string, emoji: string, on: boolean) =>
    store.appendChange(changeRow(c, userId, 'reaction', { messageId, emoji, on }));
  const emojis = async () => (await store.findMessage(c, messageId))?.reactions.map((r) => r.emoji);
  for (const [userId, emoji] of [
    [ann, '👍'],
    [bob, '🎉'],
    [bob, '👍'],
  ] as const)
    stored(await react(userId, emoji, true));
  stored(await react(ann, '👍', false));
  assert.deepEqual(await emojis(), ['👍', '🎉']);
  stored(await react(bob, '👍', false));
  stored(await react(bob, '👍', true));
  assert.deepEqual(await emojis(), ['🎉', '👍']);
  const pin = stored(await store.appendChange(changeRow(c, ann, 'pin', { messageId, on: true })));
  assert.equal((await store.findMessage(c, messageId))?.pinnedAt, pin.at);
});

test('migrates an up-to-date database again without a change, on several pods at once', async () => {
  await Promise.all([migrate(fixture.databaseUrl), migrate(fixture.databaseUrl)]);
  assert.equal(await fixture.store.epoch(), 1);
});

test('begins a new epoch when the database was restored into another cluster', async () => {
  await using restored = await createFixture(2);
  await restored.store.pool.query("update installation set system_identifier = 'another'");
  await migrate(restored.databaseUrl);
  const epoch = await restored.store.epoch();
  assert.ok(epoch > 1);
  // Restored twice from one dump, each is another.
  assert.ok(epoch > Date.now() / 1_000 - 3_600);
});

test('maps every table as the migrations made it', async () => {
  const source = await createDataSource(fixture).initialize();
  try {
    for (const { name } of source.entityMetadatas) await source.getRepository(name).find({ take: 1 });
  } finally {
    await source.destroy();
  }
});

test('tells whether the entry before was stored less than a second before', async () => {
  const { store } = fixture;
  const [user] = (await makeUsers(store, 1)) as [string];
  const c = await makeGroup(store, [user]);
  const about = { kind: 'group' as const, title: 'Named', history: 'all' as const, creatorId: user, memberIds: [user] };
  const { changes } = await store.createConversation({ id: crypto.randomUUID(), ...about });
  assert.deepEqual(
    changes.map((change) => [change.seq, change.closeBehind]),
    [[1, false]],
  );
  const message = () => messageRow(c, user);
  const reply = () => messageRow(c, user, { data: JSON.stringify({ body: 'yes', replyTo: first.id }) });
  const append = async (...rows: AppendRow[]) => (await store.appendEntries(rows)).results.map((r) => 'closeBehind' in r && r.closeBehind);
  const silence = () => store.pool.query("update conversations set last_at = last_at - interval '1 s' where id = $1", [c]);
  const first = message();
  assert.deepEqual(await append(first), [false]);
  assert.deepEqual(await append(message(), message()), [true, true]);
  assert.deepEqual(await append(reply()), [true]);
  const like = (on: boolean) => store.appendChange(changeRow(c, user, 'reaction', { messageId: first.id, emoji: '👍', on }));
  assert.equal(stored(await like(true)).closeBehind, true);
  await silence();
  assert.equal(stored(await like(false)).closeBehind, false);
  await silence();
  assert.deepEqual(await append(message()), [false]);
  await silence();
  assert.deepEqual(await append(reply()), [false]);
});

test('tells it also of an entry that had to wait for the one before, however long that took to commit', async () => {
  const { store } = fixture;
  const [user] = (await makeUsers(store, 1)) as [string];
  const c = await makeGroup(store, [user]);
  const first = messageRow(c, user);
  await store.appendEntries([first]);
  const reply = () => messageRow(c, user, { data: JSON.stringify({ body: 'yes', replyTo: first.id }) });
  const client = await store.pool.connect();
  try {
    for (const next of [() => messageRow(c, user), reply]) {
      await client.query('begin');
      await client.query('update conversations set last_at = clock_timestamp() where id = $1', [c]);
      const waiting = store.appendEntries([next()]);
      await client.query('select pg_sleep(1.1)');
      await client.query('commit');
      const [result] = (await waiting).results;
      assert.ok(result?.status === 'stored' && result.closeBehind);
    }
  } finally {
    client.release();
  }
});
