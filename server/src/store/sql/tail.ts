import type { Entry } from '@chatcluster/protocol';
import type pg from 'pg';
import type { BatchRange, EntryRange, Routing } from '../types.ts';

interface RangeRow {
  batchId: string | null;
  conversationId: string;
  fromSeq: number;
  toSeq: number;
  safeXid: number;
}

const rangesOf = `unnest(b.conversation_ids, b.from_seqs, b.to_seqs) as r (conversation_id, from_seq, to_seq)`;
const rangeColumns = `b.id::text as "batchId", r.conversation_id as "conversationId", r.from_seq as "fromSeq", r.to_seq as "toSeq"`;

/**
 * One statement, one snapshot: everything below `pg_snapshot_xmin` has ended, so the next read from there on misses
 * nothing that commits late; and it never passes a batch that nobody has confirmed as published.
 */
const tailSql = `
  with safe as materialized (
    select least(pg_snapshot_xmin(pg_current_snapshot())::text::bigint, (select min(b.xid) from batches b where b.published_at is null)) as xid
  )
  select safe.xid as "safeXid", t.*
  from safe left join lateral (
    select ${rangeColumns} from batches b, ${rangesOf} where b.xid >= $1::bigint order by b.id
  ) t on true`;

export interface Tail {
  ranges: BatchRange[];
  /** Where the next read starts. */
  safeXid: number;
}

/** Batches of transactions from `sinceXid` on. null: none, only where to start. */
export async function readTail(pool: pg.Pool, sinceXid: number | null): Promise<Tail> {
  const { rows } = await pool.query<RangeRow>({ name: 'read-tail', text: tailSql, values: [sinceXid] });
  const ranges = rows.flatMap(({ batchId, conversationId, fromSeq, toSeq }) =>
    batchId === null ? [] : [{ batchId, conversationId, fromSeq, toSeq }],
  );
  return { ranges, safeXid: rows[0]!.safeXid };
}

/** "offset 0": a plan that was made for empty tables would start from all entries. */
const entriesSql = `
  select i.ord, c.id as "conversationId", c.member_version as "memberVersion", c.routing, entry_json(e.entry) as entry
  from unnest($1::uuid[], $2::bigint[], $3::bigint[]) with ordinality as i (conversation_id, from_seq, to_seq, ord)
  join conversations c on c.id = i.conversation_id and c.deleted_at is null
  cross join lateral (
    select x as entry, x.seq from entries x where x.conversation_id = i.conversation_id and x.seq between i.from_seq and i.to_seq offset 0
  ) e
  order by i.ord, e.seq`;

interface EntryRow {
  ord: number;
  conversationId: string;
  memberVersion: number;
  routing: Routing;
  entry: Entry;
}

/** The entries of these ranges, in their order; ranges of deleted conversations are left out. */
export async function readRanges(pool: pg.Pool, ranges: Pick<EntryRange, 'conversationId' | 'fromSeq' | 'toSeq'>[]): Promise<EntryRange[]> {
  if (ranges.length === 0) return [];
  const values = [ranges.map((r) => r.conversationId), ranges.map((r) => r.fromSeq), ranges.map((r) => r.toSeq)];
  const { rows } = await pool.query<EntryRow>({ name: 'read-ranges', text: entriesSql, values });
  const byRange = Map.groupBy(rows, (row) => row.ord);
  return [...byRange.values()].map((found) => {
    const { conversationId, memberVersion, routing } = found[0]!;
    const entries = found.map((row) => row.entry);
    return { conversationId, memberVersion, routing, entries, fromSeq: entries[0]!.seq, toSeq: entries.at(-1)!.seq };
  });
}

const publishedSql = 'update batches set published_at = clock_timestamp() where id = any ($1::bigint[]) and published_at is null';

export async function markPublished(pool: pg.Pool, batchIds: string[]): Promise<void> {
  if (batchIds.length === 0) return;
  await pool.query({ name: 'mark-published', text: publishedSql, values: [batchIds] });
}

/** A claim ends by itself: a pod that freezes in `handle` holds neither locks nor the snapshot. */
const claimSql = `
  with due as materialized (
    select b.id from batches b
    where b.published_at is null and b.created_at < clock_timestamp() - make_interval(secs => $1 / 1000.0)
      and (b.claimed_at is null or b.claimed_at < clock_timestamp() - interval '5 s')
    order by b.xid limit $2 for update skip locked
  ), b as (
    update batches b set claimed_at = clock_timestamp() from due where b.id = due.id returning b.*
  )
  select ${rangeColumns} from b, ${rangesOf} order by b.id`;

/** Republishes what was committed but not published; `handle` returns the ids of the batches that now are. Returns how many. */
export async function claimOutbox(
  pool: pg.Pool,
  olderThanMs: number,
  limit: number,
  handle: (ranges: BatchRange[]) => Promise<string[]>,
): Promise<number> {
  const { rows } = await pool.query<BatchRange>({ name: 'claim-outbox', text: claimSql, values: [olderThanMs, limit] });
  if (rows.length === 0) return 0;
  const published = await handle(rows);
  await markPublished(pool, published);
  return published.length;
}

const pruneSql = `
  delete from batches where id = any (array(
    select b.id from batches b
    where b.published_at < clock_timestamp() - make_interval(secs => $1 / 1000.0)
    limit 5000 for update skip locked))`;

/** At most 5,000 rows per call; returns how many, so that the caller may go on at once. */
export async function prunePublished(pool: pg.Pool, olderThanMs: number): Promise<number> {
  const result = await pool.query(pruneSql, [olderThanMs]);
  return result.rowCount ?? 0;
}

export async function loadEpoch(pool: pg.Pool): Promise<number> {
  const { rows } = await pool.query<{ epoch: number }>('select epoch from installation');
  return rows[0]!.epoch;
}
