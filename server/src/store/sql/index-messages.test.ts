import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createFixture, makeGroup, makeUsers, sendMany } from '../_fixture.ts';
import { indexMessages } from './search-messages.ts';

/** Enough for a plan to be kept. */
const PASSES = 8;
const CONVERSATIONS = 30;
const MESSAGES = 40;

it('reads no more than it indexes, though its plans were made while there was nothing', async () => {
  await using fixture = await createFixture(1);
  const { pool } = fixture.store;
  // Counted while empty, as autovacuum does; were they counted again, plans would be made anew.
  const { rows: tables } = await pool.query<{ name: string }>(
    `select relname as name from pg_class where relkind = 'r' and relname ~ '^entries_'`,
  );
  for (const { name } of tables) await pool.query(`alter table ${name} set (autovacuum_enabled = off)`);
  const users = await makeUsers(fixture.store, 2);
  await pool.query('analyze');
  for (let i = 0; i < PASSES; i += 1) await indexMessages(pool, 500);
  for (let i = 0; i < CONVERSATIONS; i += 1) await sendMany(fixture.store, await makeGroup(fixture.store, users), users[0]!, MESSAGES);
  const rowsRead = async () => {
    await pool.query('select pg_stat_force_next_flush()');
    const read = `select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::int as count from pg_stat_user_tables where relname ~ '^entries_'`;
    return (await pool.query<{ count: number }>(read)).rows[0]!.count;
  };
  const before = await rowsRead();
  while ((await indexMessages(pool, 500)) > 0);
  const indexed = await pool.query<{ count: number }>('select count(*)::int from message_search');
  assert.equal(indexed.rows[0]!.count, CONVERSATIONS * MESSAGES);
  // By its number and by its id, and the entries about members.
  assert.ok((await rowsRead()) - before < 3 * CONVERSATIONS * MESSAGES, `${(await rowsRead()) - before} rows were read`);
});
