import { ChatError, type HistoryPage, type Message, type Note } from '@chatcluster/protocol';
import { HISTORY_NOTES } from '@chatcluster/protocol/limits';
import type { Db } from './auth-keys.ts';
import { messageJson } from './fragments.ts';

export interface HistoryQuery {
  userId: string;
  conversationId: string;
  before?: number;
  after?: number;
  around?: number;
  limit: number;
}

interface Row {
  kind: string;
  member: 'current' | 'former' | 'never';
  messages: Message[] | null;
  notes: Note[] | null;
  has_before: boolean;
  has_after: boolean;
  as_of: number;
}

/** $3: messages below it, newest first, at most $4; and from $3 on, oldest first, at most $5. */
const sql = `
  with access as materialized (
    select c.id, c.kind, m.first_seq as lower, c.last_seq as upper,
      case when m.user_id is null then 'never' when m.left_at is null then 'current' else 'former' end as member
    from conversations c left join members m on m.conversation_id = c.id and m.user_id = $1
    where c.id = $2 and c.deleted_at is null
  ), picked as materialized (
    select p.* from access a, history_page(a.id, a.lower, a.upper, $3::bigint, $4::integer, $5::integer) p where a.member = 'current'
  ), ends as materialized (
    select coalesce(min(seq), $3::bigint) as low, coalesce(max(seq), $3::bigint - 1) as high from picked
  ), edges as materialized (
    select ends.*, h.has_before, h.has_after from access a, ends, history_edges(a.id, a.lower, ends.low, ends.high) h
  )
  select a.kind, a.member, a.upper as as_of, edges.has_before, edges.has_after,
    (select jsonb_agg(${messageJson('$1')} order by e.seq) from picked e) as messages, (
      select jsonb_agg(entry_json(n) order by n.seq) from history_notes(a.id,
        greatest(a.lower, case when $4 = 0 then $3::bigint when edges.has_before then edges.low else a.lower end),
        case when $5 = 0 then $3::bigint - 1 when edges.has_after then edges.high else a.upper end, ${HISTORY_NOTES}) n
      where a.member = 'current'
    ) as notes
  from access a, edges`;

/** Folded messages, ascending. A former member gets `not_member`, also for what was readable once (protocol.md 4). */
export async function loadHistory(db: Db, query: HistoryQuery): Promise<HistoryPage> {
  const { anchor, older, newer } = planWindow(query);
  const values = [query.userId, query.conversationId, anchor, older, newer];
  const { rows } = await db.query<Row>({ name: 'load-history', text: sql, values });
  const row = rows[0];
  checkReadable(row);
  return { messages: row.messages ?? [], hasBefore: row.has_before, hasAfter: row.has_after, asOf: row.as_of, notes: row.notes ?? [] };
}

function planWindow({ before, after, around, limit }: HistoryQuery): { anchor: number; older: number; newer: number } {
  if (after !== undefined) return { anchor: after + 1, older: 0, newer: limit };
  if (around !== undefined) return { anchor: around, older: Math.floor(limit / 2), newer: Math.ceil(limit / 2) };
  return { anchor: before ?? Number.MAX_SAFE_INTEGER, older: limit, newer: 0 };
}

/** A channel can be found by anybody, so not being in it is no secret. */
export function checkReadable<T extends { kind: string; member: Row['member'] }>(row: T | undefined): asserts row is T {
  if (!row || (row.member === 'never' && row.kind !== 'channel')) throw new ChatError('not_found');
  if (row.member !== 'current') throw new ChatError('not_member');
}
