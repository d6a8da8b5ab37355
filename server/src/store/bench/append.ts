/**
 * Append rate of `append_entries` beside that of a bare batched INSERT into the same table. Run by hand on an empty
 * migrated database: node server/src/store/bench/append.ts postgres://…
 */
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { createLog } from '../../log.ts';
import { migrate } from '../migrate.ts';
import { createStore, type Store } from '../store.ts';
import type { AppendRow } from '../types.ts';

const BATCH = 50;
const CONNECTIONS = 2;
const CONVERSATIONS = 1_000;
const DURATION_MS = 8_000;
const data = JSON.stringify({ body: 'A message of an ordinary length, which says that lunch is at twelve as usual.' });

async function measure(name: string, work: (connection: number) => Promise<number>): Promise<number> {
  const start = performance.now();
  const counts = await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, connection) => {
      let count = 0;
      while (performance.now() - start < DURATION_MS) count += await work(connection);
      return count;
    }),
  );
  const rate = counts.reduce((a, b) => a + b) / ((performance.now() - start) / 1_000);
  process.stdout.write(`${name}: ${Math.round(rate)} entries/s\n`);
  return rate;
}

function batch(conversationIds: string[], userId: string): AppendRow[] {
  return Array.from({ length: BATCH }, () => ({
    conversationId: conversationIds[Math.floor(Math.random() * conversationIds.length)]!,
    id: randomUUID(),
    type: 'message',
    actorId: userId,
    clientMsgId: randomUUID(),
    data,
    expectVersion: 1,
  }));
}

async function bareInsert(store: Store, rows: AppendRow[], nextSeq: () => number): Promise<void> {
  await store.pool.query({
    name: 'bare',
    text: `insert into entries (conversation_id, seq, id, type, actor_id, client_msg_id, at, data)
      select c, s, i, 'message', a, m, now(), d::jsonb from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[]) as u (c, s, i, a, m, d)`,
    values: [
      rows.map((r) => r.conversationId),
      rows.map(nextSeq),
      rows.map((r) => r.id),
      rows.map((r) => r.actorId),
      rows.map((r) => r.clientMsgId),
      rows.map((r) => r.data),
    ],
  });
}

const url = process.argv[2];
if (!url) throw new Error('give the URL of an empty database');
await migrate(url);
await using store = createStore({ databaseUrl: url, poolSize: CONNECTIONS, log: createLog('warn', 'bench') });
const userId = randomUUID();
const ids = Array.from({ length: CONVERSATIONS }, () => randomUUID());
await store.pool.query(
  "insert into conversations (id, kind, history, created_by, client_id) select i, 'group', 'all', $2, i from unnest($1::uuid[]) i",
  [ids, userId],
);

const append = await measure('append_entries', async () => {
  await store.appendEntries(batch(ids, userId));
  return BATCH;
});
let seq = 1_000_000_000;
const bare = await measure('bare insert', async () => {
  await bareInsert(store, batch(ids, userId), () => ++seq);
  return BATCH;
});
process.stdout.write(`ratio: ${(append / bare).toFixed(2)}\n`);
