import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { changeRow, createFixture, entriesRead, makeGroup, makeUsers, prepareEmptyEntries, rowsRead, send, sendMany } from '../_fixture.ts';
import { indexMessages } from './search-messages.ts';

/** Enough for a plan to be kept. */
const PASSES = 8;
const CONVERSATIONS = 30;
const MESSAGES = 40;

it('reads no more than it indexes, though its plans were made while there was nothing', async () => {
  await using fixture = await createFixture(1);
  const { pool } = fixture.store;
  const users = await makeUsers(fixture.store, 2);
  await prepareEmptyEntries(fixture.store);
  for (let i = 0; i < PASSES; i += 1) await indexMessages(pool, 500);
  for (let i = 0; i < CONVERSATIONS; i += 1) await sendMany(fixture.store, await makeGroup(fixture.store, users), users[0]!, MESSAGES);
  const before = await entriesRead(fixture.store);
  while ((await indexMessages(pool, 500)) > 0);
  const indexed = await pool.query<{ count: number }>('select count(*)::int from message_search');
  assert.equal(indexed.rows[0]!.count, CONVERSATIONS * MESSAGES);
  // By its number and by its id, and the entries about members.
  const read = (await entriesRead(fixture.store)) - before;
  assert.ok(read < 3 * CONVERSATIONS * MESSAGES, `${read} rows were read`);
});

const indexed = async (pool: pg.Pool) => (await pool.query<{ count: number }>('select count(*)::int from message_search')).rows[0]!.count;

/** How many passes until nothing is left; with an end, should it never come to one. */
async function countPasses(pool: pg.Pool, limit: number): Promise<number> {
  for (let passes = 1; passes <= 200; passes += 1) if ((await indexMessages(pool, limit)) === 0) return passes;
  assert.fail('the index never caught up');
}

it('reads of the outbox what a pass works off, however much waits', async () => {
  await using fixture = await createFixture(1);
  const { store } = fixture;
  const { pool } = store;
  const users = await makeUsers(store, 2);
  const groups = await Promise.all(Array.from({ length: 10 }, () => makeGroup(store, users)));
  await countPasses(pool, 500);
  for (let i = 0; i < 400; i += 1) await sendMany(store, groups[i % groups.length]!, users[0]!, 1);
  const before = await rowsRead(store, '^batches$');
  const passes = await countPasses(pool, 20);
  assert.equal(await indexed(pool), 400);
  assert.ok(passes <= 25, `${passes} passes`);
  const read = (await rowsRead(store, '^batches$')) - before;
  // Each twice at most: the last transaction of a page is the first of the next.
  assert.ok(read <= 2 * 400, `${read} rows of the outbox were read`);
});

it('works off a conversation that has more than a pass takes, and passes over one that is gone', async () => {
  await using fixture = await createFixture(1);
  const { store } = fixture;
  const { pool } = store;
  const users = await makeUsers(store, 2);
  const [busy, gone, quiet] = [await makeGroup(store, users), await makeGroup(store, users), await makeGroup(store, users)];
  await countPasses(pool, 500);
  await sendMany(store, busy, users[0]!, 90);
  for (let i = 0; i < 30; i += 1) await sendMany(store, gone, users[0]!, 1);
  await sendMany(store, quiet, users[0]!, 5);
  await pool.query('update conversations set deleted_at = now() where id = $1', [gone]);
  await countPasses(pool, 20);
  assert.equal(await indexed(pool), 95);
});

it('catches up though another transaction holds the outbox open', async () => {
  await using fixture = await createFixture(2);
  const { store } = fixture;
  const { pool } = store;
  const users = await makeUsers(store, 2);
  const group = await makeGroup(store, users);
  await countPasses(pool, 500);
  const slow = await pool.connect();
  try {
    await slow.query('begin');
    await slow.query('select pg_current_xact_id()');
    for (let i = 0; i < 60; i += 1) await sendMany(store, group, users[0]!, 1);
    await countPasses(pool, 20);
    assert.equal(await indexed(pool), 60);
  } finally {
    await slow.query('rollback');
    slow.release();
  }
});

it('gives each message the key of its time, also when it is edited in a later one', async () => {
  await using fixture = await createFixture(1);
  const { store } = fixture;
  const { pool } = store;
  const [user] = await makeUsers(store, 1);
  const group = await makeGroup(store, [user!]);
  /** For each message the last character of its key. */
  const ages = async () => {
    const { rows } = await pool.query<{ age: string }>(
      `select (select right(w.lexeme, 1) from unnest(s.words) w where left(w.lexeme, 2) = E'\\x01a') as age from message_search s order by s.seq`,
    );
    return rows.map((row) => row.age).join('');
  };
  const old = await send(store, group, user!);
  await countPasses(pool, 500);
  // The last that has room in it.
  await pool.query('update search_ages set size = 19999 where id = 1');
  await sendMany(store, group, user!, 2);
  await countPasses(pool, 500);
  await delay(2);
  await sendMany(store, group, user!, 1);
  await countPasses(pool, 500);
  assert.equal(await ages(), '1112');
  await store.appendChange(changeRow(group, user!, 'edit', { messageId: old, body: 'edited' }));
  await countPasses(pool, 500);
  assert.equal(await ages(), '1112');
  const { rows } = await pool.query<{ found: boolean }>(`select words @@ 'edited' as found from message_search where message_id = $1`, [
    old,
  ]);
  assert.equal(rows[0]!.found, true);
});

it('divides a history that was there before the index by its times', async () => {
  await using fixture = await createFixture(1);
  const { pool } = fixture.store;
  const [user] = await makeUsers(fixture.store, 1);
  const group = await makeGroup(fixture.store, [user!]);
  await pool.query(
    `insert into entries (conversation_id, seq, id, type, actor_id, client_msg_id, at, data)
     select $1, n, gen_random_uuid(), 'message', $2, gen_random_uuid(), now() - (90010 - n) * interval '1 second', '{"body": "hello"}'
     from generate_series(10, 90009) n`,
    [group, user],
  );
  await pool.query('update conversations set last_seq = 90009 where id = $1', [group]);
  // As where messages were indexed before there were ages.
  await pool.query('update search_ages set low_at = now() where id = 1');
  await indexMessages(pool, 10);
  const { rows } = await pool.query<{ id: number; share: number }>(
    `select id, (select count(*) from entries where conversation_id = $1 and at < low_at)::float / 90000 as share from search_ages order by id`,
    [group],
  );
  assert.deepEqual(
    rows.map(({ id }) => id),
    [0, 1, 2, 3, 4],
  );
  rows.slice(1).forEach(({ share }, i) => assert.ok(Math.abs(share - i / 4) < 0.01, `${share} are before age ${i + 1}`));
});
