import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { createFixture, makeGroup, makeUsers, sendMany } from '../_fixture.ts';
import { furthest, setReads } from './set-read.ts';

const MESSAGES = 5;

test('receipts that wait to be told never go back, whichever answer is handled first', () => {
  assert.deepEqual(furthest({ delivered: 10 }, { delivered: 9 }), { delivered: 10 });
  assert.deepEqual(furthest({ delivered: 9, read: 2 }, { read: 5 }), { delivered: 9, read: 5 });
  assert.deepEqual(furthest({}, { read: 3 }), { read: 3 });
});

test('many positions are one transaction, each with its own answer', async () => {
  await using fixture = await createFixture();
  const { store } = fixture;
  const users = await makeUsers(store, 20);
  const c = await makeGroup(store, users);
  await sendMany(store, c, users[0]!, MESSAGES);
  const positions = [
    ...users.map((userId, i) => ({ userId, conversationId: c, read: i % (MESSAGES + 1) })),
    { userId: users[7]!, conversationId: c, read: 4 },
  ];
  const answerTo = await setReads(store.pool, positions);
  for (const [i, position] of positions.slice(0, 20).entries()) {
    // Of two of the same person the further one counts.
    const read = i === 7 ? 4 : position.read;
    const { moved, me } = answerTo(position)!;
    assert.deepEqual([moved, me.readSeq, me.unread], [read > 0, read, i === 0 ? 0 : MESSAGES - read]);
  }
  const { rows } = await store.pool.query<{ count: number; writes: number }>(
    'select count(*)::int, count(distinct xmin::text)::int as writes from members where conversation_id = $1 and read_seq > 0',
    [c],
  );
  assert.deepEqual(rows[0], { count: positions.slice(0, 20).filter(({ read }) => read > 0).length, writes: 1 });
  assert.equal(answerTo({ userId: randomUUID(), conversationId: c }), undefined);
});

test('who is locked by somebody else keeps nobody waiting, and gets an answer', async () => {
  await using fixture = await createFixture();
  const { store } = fixture;
  const [ada, bob] = (await makeUsers(store, 2)) as [string, string];
  const c = await makeGroup(store, [ada, bob]);
  await sendMany(store, c, ada, MESSAGES);
  const other = await store.pool.connect();
  try {
    await other.query('begin');
    await other.query('select 1 from members where conversation_id = $1 and user_id = $2 for update', [c, ada]);
    let isAnswered = false;
    const waiting = store.setRead({ userId: ada, conversationId: c, read: 3 }).finally(() => (isAnswered = true));
    assert.equal((await store.setRead({ userId: bob, conversationId: c, read: 2 }))?.me.readSeq, 2);
    assert.equal(isAnswered, false);
    await other.query('commit');
    assert.equal((await waiting)?.me.readSeq, 3);
  } finally {
    other.release();
  }
});
