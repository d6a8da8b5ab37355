import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, it } from 'node:test';
import type { Store } from '../store.ts';
import { createFixture, entriesRead, type Fixture, makeGroup, makeUsers, rowsRead, send, sendMany } from '../_fixture.ts';
import { findReadableFile, listOrphans } from './files.ts';
import { loadHistory } from './load-history.ts';
import { loadSync } from './load-sync.ts';
import { loadPinned, loadThread } from './load-thread.ts';
import { readNotifyPage } from './notify-plan.ts';
import { loadFound } from './search-messages.ts';

/**
 * So many that a look-up costs less than reading everything, and so few that the planner thinks otherwise: it counts each look-up for all
 * partitions of entries. Then catching up read every message of an installation.
 */
const CONVERSATIONS = 40;
const MESSAGES = 500;
/** More in the second one. */
const LONG = 5_000;
const USERS = 300;
const BATCHES = 1_000;
/** Enough for a general plan to be taken, if one is. */
const TIMES = 8;

let fixture: Fixture;
let store: Store;
let user: string;
/** In the large conversation only. */
let quiet: string;
let large: string;
const conversations: string[] = [];
let ids: string[];
const fileId = randomUUID();

before(async () => {
  fixture = await createFixture(1);
  store = fixture.store;
  const users = await makeUsers(store, USERS);
  user = users[0]!;
  quiet = users.at(-1)!;
  for (let i = 0; i < CONVERSATIONS; i += 1) {
    const id = await makeGroup(store, [user, users[1]!]);
    await sendMany(store, id, users[1]!, MESSAGES);
    conversations.push(id);
  }
  await sendMany(store, conversations[1]!, user, LONG);
  large = await makeGroup(store, users);
  const { rows } = await store.pool.query<{ id: string }>(
    `select id from entries where conversation_id = $1 and type = 'message' order by seq desc limit 20`,
    [conversations[0]],
  );
  ids = rows.map((row) => row.id);
  await store.pool.query(`insert into message_state (conversation_id, message_id, pinned_at) select $1, unnest($2::uuid[]), now()`, [
    conversations[0],
    ids,
  ]);
  for (let i = 0; i < 20; i += 1) await send(store, conversations[0]!, user, { body: 'yes', threadRoot: ids[0] });
  await store.pool.query(
    `insert into files (id, owner_id, name, type, bytes, sha256, state, created_at, attached_at)
     values ($1, $2, 'a.txt', 'text/plain', 1, sha256('a'), 'ready', now() - interval '1 day', now() - interval '1 day')`,
    [fileId, users[1]],
  );
  await store.pool.query('insert into file_uses (file_id, conversation_id, message_id) select $1, $2, unnest($3::uuid[])', [
    fileId,
    conversations[0],
    ids,
  ]);
  await store.pool.query('analyze');
});
after(() => fixture[Symbol.asyncDispose]());

/** Of one reading, on average. */
async function readBy(work: () => Promise<unknown>, count = () => entriesRead(store)): Promise<number> {
  const earlier = await count();
  for (let i = 0; i < TIMES; i += 1) await work();
  return ((await count()) - earlier) / TIMES;
}

const reads: [what: string, most: number, work: () => Promise<unknown>][] = [
  [
    'catching up with 300 entries of 40 conversations',
    300,
    () =>
      loadSync(store.pool, {
        userId: user,
        cursors: Object.fromEntries(conversations.map((id, i) => [id, MESSAGES - 20 + (i === 1 ? LONG : 0)])),
      }),
  ],
  // Its messages, what else there is among them, and whether there are others.
  ['a page of history', 110, () => loadHistory(store.pool, { userId: user, conversationId: conversations[1]!, limit: 50 })],
  [
    'a thread of 20 answers',
    21,
    () => loadThread(store.pool, { userId: user, conversationId: conversations[0]!, rootId: ids[0]!, limit: 50 }),
  ],
  ['20 pins', 20, () => loadPinned(store.pool, user, conversations[0]!, 20)],
  [
    '20 hits of a search',
    20,
    () =>
      loadFound(
        store.pool,
        user,
        conversations.slice(0, 20).map((conversationId) => ({ conversationId, seq: 7 })),
      ),
  ],
  ['a file that is posted in 20 messages', 20, () => findReadableFile(store.pool, fileId, user)],
  ['files that nothing shows', 20, () => listOrphans(store.pool, 0, 10)],
];

for (const [what, most, work] of reads)
  it(`reads for ${what} no more than ${most} entries of ${(CONVERSATIONS * MESSAGES + LONG).toLocaleString('en-US')}`, async () => {
    const read = await readBy(work);
    assert.ok(read <= most, `${read} entries were read`);
    assert.ok(read > 0, 'nothing was read');
  });

const membersRead = async (conversationId: string, data: object): Promise<number> => {
  await store.pool.query('update notify_cursor set xid = pg_snapshot_xmin(pg_current_snapshot())::text::bigint');
  await send(store, conversationId, user, data);
  return readBy(
    () => readNotifyPage(store.pool, 50),
    () => rowsRead(store, '^members$'),
  );
};

it('reads for planning notifications of the outbox what is new', async () => {
  for (let i = 0; i < BATCHES; i += 1) await send(store, conversations[0]!, user);
  await store.pool.query('analyze batches');
  await store.pool.query('update notify_cursor set xid = pg_snapshot_xmin(pg_current_snapshot())::text::bigint');
  for (let i = 0; i < 3; i += 1) await send(store, conversations[0]!, user);
  const read = await readBy(
    () => readNotifyPage(store.pool, 50),
    () => rowsRead(store, '^batches$'),
  );
  assert.ok(read <= 4, `${read} batches were read`);
});

it('reads for planning notifications of one message its members only', async () => {
  const read = await membersRead(conversations[0]!, { body: 'hello' });
  assert.ok(read <= 4, `${read} members were read`);
});

it('reads for planning notifications in a large conversation those who are mentioned only', async () => {
  assert.equal(await membersRead(large, { body: 'hello' }), 0);
  const one = await membersRead(large, { body: 'hello', mentions: [quiet] });
  assert.ok(one > 0 && one <= 2, `${one} members were read`);
  const all = await membersRead(large, { body: 'hello', mentionAll: true });
  assert.ok(all >= USERS, `${all} members were read`);
});
