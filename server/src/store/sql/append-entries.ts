import type pg from 'pg';
import { isDataError } from '../errors.ts';
import type { AppendOutcome, AppendResult, AppendRow, Routing } from '../types.ts';
import { appendFresh } from './append-fresh.ts';

interface ResultRow {
  status: AppendResult['status'];
  seq: number;
  at: string;
  member_version: number;
  routing: Routing;
  batch_id: number | null;
  close_behind: boolean;
}

const sql = 'select * from append_entries_v2($1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::text[], $7::int[], $8)';
const probeSql = 'select $1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::jsonb';

/**
 * Group commit: one round trip, one transaction. A row that cannot be stored is answered `invalid`; the others commit.
 */
export async function appendEntries(pool: pg.Pool, rows: AppendRow[]): Promise<AppendOutcome> {
  if (rows.length === 0) return { results: [], batchId: null };
  try {
    return await append(pool, rows);
  } catch (error) {
    if (!isDataError(error)) throw error;
    return appendStorable(pool, rows, error);
  }
}

async function append(pool: pg.Pool, rows: AppendRow[]): Promise<AppendOutcome> {
  const mayReply = rows.some((r) => r.data.includes('"threadRoot"') || r.data.includes('"replyTo"'));
  return (mayReply ? undefined : await appendFresh(pool, rows)) ?? (await appendEach(pool, rows, mayReply));
}

/** Looks at each row: of a resent one it tells the number, of others why they are not stored. */
async function appendEach(pool: pg.Pool, rows: AppendRow[], mayReply: boolean): Promise<AppendOutcome> {
  const values = [
    rows.map((r) => r.conversationId),
    rows.map((r) => r.id),
    rows.map((r) => r.type),
    rows.map((r) => r.actorId),
    rows.map((r) => r.clientMsgId),
    rows.map((r) => r.data),
    rows.map((r) => r.expectVersion),
    mayReply,
  ];
  const answer = await pool.query<ResultRow>({ name: 'append-entries', text: sql, values });
  const batchId = answer.rows[0]?.batch_id ?? null;
  return { results: answer.rows.map(toResult), batchId: batchId === null ? null : String(batchId) };
}

function toResult(row: ResultRow): AppendResult {
  const { status, seq, at } = row;
  switch (status) {
    case 'stored':
      return { status, seq, at, memberVersion: row.member_version, routing: row.routing, closeBehind: row.close_behind };
    case 'duplicate':
      return { status, seq, at };
    case 'stale':
      return { status, memberVersion: row.member_version };
    case 'missing':
    case 'invalid':
      return { status };
    default: {
      const never: never = status;
      throw new Error(`append_entries answered ${String(never)}`);
    }
  }
}

/** Rare: finds the rows at fault one by one, then appends the others together. */
async function appendStorable(pool: pg.Pool, rows: AppendRow[], cause: unknown): Promise<AppendOutcome> {
  const storable = await Promise.all(rows.map((row) => isStorable(pool, row)));
  const good = rows.filter((_, i) => storable[i]);
  if (good.length === rows.length) throw cause;
  const outcome = good.length > 0 ? await append(pool, good) : { results: [], batchId: null };
  const results = outcome.results.values();
  return { batchId: outcome.batchId, results: storable.map((ok) => (ok ? results.next().value! : { status: 'invalid' as const })) };
}

async function isStorable(pool: pg.Pool, row: AppendRow): Promise<boolean> {
  try {
    await pool.query(probeSql, [row.conversationId, row.id, row.actorId, row.clientMsgId, row.data]);
    return true;
  } catch (error) {
    if (isDataError(error)) return false;
    throw error;
  }
}
