import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createFixture, entriesRead, makeGroup, makeUsers, prepareEmptyEntries, sendMany } from '../_fixture.ts';
import { enqueueDeliveries } from './webhooks.ts';

/** Enough for a plan to be kept. */
const PASSES = 8;
const WEBHOOKS = 20;
const MESSAGES = 40;

it('reads no more entries than it makes jobs of, though its plan was made while there was nothing', async () => {
  await using fixture = await createFixture(1);
  const { store } = fixture;
  const users = await makeUsers(store, 2);
  await prepareEmptyEntries(store);
  for (let i = 0; i < PASSES; i += 1) await enqueueDeliveries(store.pool, 100);
  // Twice as many conversations as have a webhook.
  for (let i = 0; i < 2 * WEBHOOKS; i += 1) {
    const conversation = await makeGroup(store, users);
    await sendMany(store, conversation, users[0]!, MESSAGES);
    if (i % 2 === 0) {
      await store.pool.query(
        `insert into webhooks (id, conversation_id, kind, name, url, events, created_by)
         values (gen_random_uuid(), $1, 'outgoing', 'Hook', 'https://hook.example', '{message}', $2)`,
        [conversation, users[0]],
      );
    }
  }
  const before = await entriesRead(store);
  while ((await enqueueDeliveries(store.pool, 100)) > 0);
  const made = await store.pool.query<{ count: number }>("select count(*)::int from jobs where kind = 'webhook'");
  assert.equal(made.rows[0]!.count, WEBHOOKS * MESSAGES);
  const read = (await entriesRead(store)) - before;
  assert.ok(read <= WEBHOOKS * MESSAGES, `${read} rows were read`);
});
