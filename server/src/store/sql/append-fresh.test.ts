import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { createFixture, type Fixture, makeGroup, makeUsers, messageRow } from '../_fixture.ts';
import { isDataError } from '../errors.ts';
import { appendFresh } from './append-fresh.ts';

let fixture: Fixture;
let user: string;
before(async () => {
  fixture = await createFixture();
  [user] = (await makeUsers(fixture.store, 1)) as [string];
});
after(() => fixture[Symbol.asyncDispose]());

const group = () => makeGroup(fixture.store, [user]);

async function storedIn(conversationId: string) {
  const { rows } = await fixture.store.pool.query<{ seq: number; id: string; at: Date }>(
    "select seq, id, at from entries where conversation_id = $1 and type = 'message' order by seq",
    [conversationId],
  );
  return rows;
}

test('numbers rows as they stand, and answers what is stored, while many batches over the same conversations run at once', async () => {
  const conversations = await Promise.all(Array.from({ length: 6 }, group));
  const batches = Array.from({ length: 40 }, (_, i) => {
    const rows = conversations.flatMap((c) => [messageRow(c, user), messageRow(c, user, { clientMsgId: null })]);
    return i % 2 === 0 ? rows : rows.toReversed();
  });
  const outcomes = await Promise.all(batches.map((rows) => appendFresh(fixture.store.pool, rows)));
  const answered = new Map(batches.flatMap((rows, b) => rows.map((row, i) => [row.id, outcomes[b]!.results[i]!] as const)));
  for (const conversationId of conversations) {
    const entries = await storedIn(conversationId);
    assert.equal(entries.length, 80);
    assert.deepEqual(
      entries.map((e) => e.seq),
      entries.map((_, i) => entries[0]!.seq + i),
    );
    for (const { id, seq, at } of entries)
      assert.deepEqual(answered.get(id), {
        status: 'stored',
        seq,
        at: at.toISOString(),
        memberVersion: 1,
        routing: 'user',
        closeBehind: seq > 2,
      });
    const times = entries.map((e) => e.at.getTime());
    assert.deepEqual(
      times,
      times.toSorted((a, b) => a - b),
    );
  }
  for (const rows of batches) {
    for (const c of conversations) {
      const seqs = rows.filter((row) => row.conversationId === c).map((row) => (answered.get(row.id) as { seq: number }).seq);
      assert.equal(seqs[1], seqs[0]! + 1);
    }
  }
  const { rows } = await fixture.store.pool.query<{ id: string; conversation: string; low: number; high: number }>(
    `select b.id::text, r.conversation, r.low, r.high from batches b, unnest(b.conversation_ids, b.from_seqs, b.to_seqs) as r (conversation, low, high)
     where b.id = any ($1::bigint[])`,
    [outcomes.map((outcome) => outcome!.batchId)],
  );
  assert.equal(rows.length, 40 * 6);
  for (const { id, conversation, low, high } of rows) {
    const batch = batches[outcomes.findIndex((outcome) => outcome!.batchId === id)]!;
    const seqs = batch.filter((row) => row.conversationId === conversation).map((row) => (answered.get(row.id) as { seq: number }).seq);
    assert.deepEqual([low, high], seqs);
  }
});

test('stores nothing of a batch of which one row is not new, or not rightly authorised', async () => {
  const { pool } = fixture.store;
  const conversationId = await group();
  const gone = await group();
  await pool.query('update conversations set deleted_at = now() where id = $1', [gone]);
  const first = messageRow(conversationId, user);
  assert.equal((await appendFresh(pool, [first]))?.results[0]?.status, 'stored');
  const fresh = () => messageRow(conversationId, user);
  const twice = fresh();
  const bad = {
    resent: first,
    stale: messageRow(await group(), user, { expectVersion: 2 }),
    missing: messageRow(randomUUID(), user),
    deleted: messageRow(gone, user),
    'of another version than its neighbour': messageRow(conversationId, user, { expectVersion: 1 }),
  };
  for (const [what, row] of Object.entries(bad)) assert.equal(await appendFresh(pool, [fresh(), row, fresh()]), undefined, what);
  assert.equal(await appendFresh(pool, [twice, fresh(), twice]), undefined);
  await assert.rejects(appendFresh(pool, [fresh(), messageRow(conversationId, user, { data: '{"body":"\\u0000"}' })]), isDataError);
  assert.deepEqual(
    (await storedIn(conversationId)).map((e) => e.id),
    [first.id],
  );
});

test('stores and answers for the release before as that release asks', async () => {
  const conversationId = await group();
  const row = messageRow(conversationId, user);
  const { rows, fields } = await fixture.store.pool.query<{ last_seqs: string[] }>(
    'select * from append_fresh($1::uuid[], $2::int[], $3::int[], $4::int[], $5::int[], $6::uuid[], $7::text[], $8::uuid[], $9::uuid[], $10::text[])',
    [[conversationId], [1], [null], [1], [1], [row.id], [row.type], [user], [row.clientMsgId], [row.data]],
  );
  assert.deepEqual(
    fields.map(({ name }) => name),
    ['last_seqs', 'ats', 'member_versions', 'routings', 'batch_id'],
  );
  assert.deepEqual(
    (await storedIn(conversationId)).map(({ seq, id }) => [`${seq}`, id]),
    [[rows[0]!.last_seqs[0], row.id]],
  );
});
