import type { Entry, SyncPage } from '@chatcluster/protocol';
import { SYNC_LIMITED_NEWEST, SYNC_MAX_MISSED, SYNC_PAGE_BYTES, SYNC_PAGE_ENTRIES } from '@chatcluster/protocol/limits';
import type pg from 'pg';

export interface SyncQuery {
  userId: string;
  cursors: Record<string, number>;
}

export interface SyncRow {
  conversationId: string;
  cursor: number;
  lastSeq: number;
  firstSeq: number;
  /** Entries up to here were removed by age. */
  trimmedSeq: number;
  /** The last seq that the caller may read. */
  upper: number;
  former: boolean;
  /** Entries are given from `start + 1` on. */
  start: number;
  entries: Entry[] | null;
}

/**
 * Numbers are contiguous, so the page is chosen by arithmetic (first missing entry of each conversation, then the second
 * of each, …) and only the entries chosen are read. 220 bytes stand for the fields of an entry beside its data.
 */
const sql = `
  with state as materialized (
    select i.conversation_id, i.cursor, c.last_seq, c.last_at, m.first_seq, m.left_at is not null as former,
      least(coalesce(m.last_readable_seq, c.last_seq), c.last_seq) as upper,
      c.trimmed_seq,
      greatest(i.cursor, m.first_seq - 1, c.trimmed_seq) as base
    from unnest($2::uuid[], $3::bigint[]) as i (conversation_id, cursor)
    join conversations c on c.id = i.conversation_id and c.deleted_at is null
    join members m on m.conversation_id = c.id and m.user_id = $1
  ), plan as materialized (
    select s.*, case when s.upper - s.base > ${SYNC_MAX_MISSED} then s.upper - ${SYNC_LIMITED_NEWEST} else s.base end as start from state s
  ), wanted as materialized (
    select p.conversation_id, p.last_at, p.start, d.depth
    from plan p, generate_series(1, least(p.upper - p.start, ${SYNC_PAGE_ENTRIES})) as d (depth)
    where p.cursor <= p.last_seq
    order by d.depth, p.last_at desc, p.conversation_id limit ${SYNC_PAGE_ENTRIES}
  ), ranges as materialized (
    select w.conversation_id, w.last_at, w.start, max(w.depth) as depth from wanted w group by 1, 2, 3
  ), found as materialized (
    select e.conversation_id, e.seq, entry_json(e.entry) as entry,
      sum(octet_length(e.data::text) + 220) over page as bytes, row_number() over page as position
    -- "offset 0": joined, all entries were read, since the planner counts each look-up for all partitions and not for its own.
    from ranges r
    cross join lateral (
      select x as entry, x.conversation_id, x.seq, x.data from entries x
      where x.conversation_id = r.conversation_id and x.seq > r.start and x.seq <= r.start + r.depth offset 0
    ) e
    window page as (order by e.seq - r.start, r.last_at desc, r.conversation_id rows unbounded preceding)
  ), given as materialized (
    select f.conversation_id, jsonb_agg(f.entry order by f.seq) as entries
    from found f where f.bytes <= ${SYNC_PAGE_BYTES} or f.position = 1 group by 1
  )
  select p.conversation_id as "conversationId", p.cursor, p.last_seq as "lastSeq", p.first_seq as "firstSeq", p.trimmed_seq as "trimmedSeq", p.upper, p.former, p.start,
    g.entries
  from plan p left join given g on g.conversation_id = p.conversation_id`;

/** Entries after the caller's cursors; protocol.md 7. Conversations that the caller never was in are left out. */
export async function loadSync(pool: pg.Pool, { userId, cursors }: SyncQuery): Promise<SyncPage> {
  const ids = Object.keys(cursors);
  if (ids.length === 0) return { entries: {}, limited: {}, reset: [], more: false };
  const { rows } = await pool.query<SyncRow>({ name: 'load-sync', text: sql, values: [userId, ids, Object.values(cursors)] });
  const page: SyncPage = { entries: {}, limited: {}, reset: [], more: false };
  for (const row of rows) addToPage(page, row);
  return page;
}

function addToPage(page: SyncPage, row: SyncRow): void {
  const { conversationId: id, cursor, lastSeq, upper } = row;
  if (cursor > lastSeq) {
    page.reset.push(id);
    return;
  }
  // A former member is told of the unreadable end only once the readable part is behind: the client's cursor jumps there.
  if (row.former && row.start >= upper) {
    if (cursor < lastSeq) page.limited[id] = { from: cursor + 1, to: lastSeq, reason: 'not_member' };
    return;
  }
  if (row.start > cursor) {
    page.limited[id] = { from: cursor + 1, to: row.start, reason: reasonOf(row) };
  }
  if (row.entries) page.entries[id] = row.entries;
  const applied = row.start + (row.entries?.length ?? 0);
  if (applied < upper || (row.former && applied < lastSeq)) page.more = true;
}

/** `not_member` wins: of such a range `history` gives what one may read. */
function reasonOf({ cursor, firstSeq, trimmedSeq }: SyncRow): 'not_member' | 'trimmed' | 'too_many' {
  if (cursor < firstSeq - 1) return 'not_member';
  return cursor < trimmedSeq ? 'trimmed' : 'too_many';
}
