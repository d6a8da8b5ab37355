import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { entryId } from '@chatcluster/server/ids';
import { createGroupCommit } from '@chatcluster/server/ingest/group-commit';
import { createLog } from '@chatcluster/server/log';
import { createStore } from '@chatcluster/server/store/store';
import type { AppendRow } from '@chatcluster/server/store/types';
import { Pool, type PoolClient } from 'pg';
import { type BenchOptions, median, type Result, ratio } from './report.ts';
import { makeGroups, startServices, storeWorld, type World } from './world.ts';

export const SENDERS = 200;
const BATCH = 100;
export const LOOPS = 2;
export const POOL = 10;
const data = JSON.stringify({ body: 'A message of an ordinary length, which says that lunch is at twelve as usual.' });
type Variant = 'ours' | 'bare batched INSERT' | 'one transaction per message';
/** Stores one or more rows; says how many. */
type Work = () => Promise<number>;

export function newRow({ users, conversations }: World): AppendRow {
  const conversation = conversations[Math.floor(Math.random() * conversations.length)]!;
  const actorId = users[Math.floor(Math.random() * users.length)]!;
  const clientMsgId = randomUUID();
  return {
    conversationId: conversation.id,
    id: entryId(conversation.id, actorId, clientMsgId),
    type: 'message',
    actorId,
    clientMsgId,
    data,
    expectVersion: 1,
  };
}

/** `workers` loops for that long; entries per second. */
export async function rateOf(work: Work, workers: number, seconds: number): Promise<number> {
  const start = performance.now();
  const counts = await Promise.all(
    Array.from({ length: workers }, async () => {
      let count = 0;
      while (performance.now() - start < seconds * 1_000) count += await work();
      return count;
    }),
  );
  return counts.reduce((a, b) => a + b) / ((performance.now() - start) / 1_000);
}

export type BareRow = AppendRow & { seq: number };
/** Into the same table and its indexes, and nothing else: no numbers, no duplicate check, no outbox. */
export type InsertRows = (client: PoolClient, rows: BareRow[]) => Promise<unknown>;

/** Parsed each time without a name. */
export function insertByUnnest(name?: string): InsertRows {
  const text = `insert into entries (conversation_id, seq, id, type, actor_id, client_msg_id, at, data)
    select c, s, i, 'message', a, m, now(), d::jsonb from unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::uuid[], $5::uuid[], $6::text[]) u (c, s, i, a, m, d)`;
  const keys = ['conversationId', 'seq', 'id', 'actorId', 'clientMsgId', 'data'] as const;
  return (client, rows) => client.query({ name, text, values: keys.map((key) => rows.map((row) => row[key])) });
}

let bareSeq = 1_000_000_000;

/** The rows that the server would store, in batches. */
export function bareInsert(pool: Pool, world: World, insert: InsertRows): Work {
  return async () => {
    const rows = Array.from({ length: BATCH }, () => ({ ...newRow(world), seq: (bareSeq += 1) }));
    const client = await pool.connect();
    try {
      await insert(client, rows);
    } finally {
      client.release();
    }
    return BATCH;
  };
}

/** What one writes first: BEGIN, take the next number, INSERT, COMMIT. */
function oneTransaction(pool: Pool, world: World): Work {
  return async () => {
    const row = newRow(world);
    const client = await pool.connect();
    try {
      await client.query('begin');
      const { rows } = await client.query<{ last_seq: string }>({
        name: 'next',
        text: 'update conversations set last_seq = last_seq + 1, last_at = now() where id = $1 returning last_seq',
        values: [row.conversationId],
      });
      await client.query({
        name: 'one',
        text: `insert into entries (conversation_id, seq, id, type, actor_id, client_msg_id, at, data) values ($1, $2, $3, 'message', $4, $5, now(), $6)`,
        values: [row.conversationId, rows[0]!.last_seq, row.id, row.actorId, row.clientMsgId, row.data],
      });
      await client.query('commit');
    } finally {
      client.release();
    }
    return 1;
  };
}

/** Senders wait for the ack after COMMIT before they send again. */
export async function benchDurable({ isQuick, say }: BenchOptions): Promise<Result> {
  const seconds = isQuick ? 2 : 5;
  const repeats = isQuick ? 3 : 5;
  await using services = await startServices();
  const url = await services.createDatabase('durable', true);
  const world = makeGroups(1_000, 10);
  await storeWorld(url, world);
  await using store = createStore({ databaseUrl: url, poolSize: POOL, log: createLog('warn', 'bench') });
  const ingest = createGroupCommit({ append: store.appendEntries, onCommitted: () => undefined, windowMs: 3 });
  const pool = new Pool({ connectionString: url, max: POOL });
  const variants: [Variant, Work, number][] = [
    [
      'ours',
      async () => {
        const result = await ingest.submit(newRow(world));
        if (result.status !== 'stored') throw new Error(`a row was ${result.status}`);
        return 1;
      },
      SENDERS,
    ],
    ['bare batched INSERT', bareInsert(pool, world, insertByUnnest('bare')), LOOPS],
    ['one transaction per message', oneTransaction(pool, world), SENDERS],
  ];
  const rates: Record<Variant, number[]> = { ours: [], 'bare batched INSERT': [], 'one transaction per message': [] };
  for (const [, work, workers] of variants) await rateOf(work, workers, 1);
  for (let i = 0; i < repeats; i += 1) {
    for (const [name, work, workers] of variants) rates[name].push(await rateOf(work, workers, seconds));
    say(`durable: run ${i + 1} of ${repeats}`);
  }
  await pool.end();
  return {
    title: 'Durable sends (ack after COMMIT)',
    setting: `${SENDERS} senders over ${world.conversations.length} conversations, Postgres with fsync; ${repeats} interleaved runs of ${seconds} s; the bare INSERT: ${LOOPS} loops of ${BATCH} rows; one transaction per message: ${POOL} connections`,
    rows: [
      ...variants.map(([name]) => ({ what: name, value: median(rates[name]), unit: 'messages/s' })),
      { what: 'ours ÷ bare batched INSERT', value: ratio(rates.ours, rates['bare batched INSERT']), unit: '×', target: { atLeast: 0.5 } },
      {
        what: 'ours ÷ one transaction per message',
        value: ratio(rates.ours, rates['one transaction per message']),
        unit: '×',
        target: { atLeast: 4 },
      },
    ],
    runs: rates,
  };
}
