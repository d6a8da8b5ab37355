import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createFixture, entriesRead, makeGroup, makeUsers, prepareEmptyEntries, sendMany } from '../_fixture.ts';
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
