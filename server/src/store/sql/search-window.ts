import type { Db } from './auth-keys.ts';

/** Where a message is that was found. */
export interface Hit {
  conversationId: string;
  seq: number;
}

/** The conversations of $1, or one of them ($2). */
export const mineSql = `
  select m.conversation_id, m.first_seq from members m join conversations c on c.id = m.conversation_id and c.deleted_at is null
  where m.user_id = $1 and m.left_at is null and ($2::uuid is null or m.conversation_id = $2)`;

/** Not a named statement: a plan made while there was nothing reads whole tables. */
export const windowSql = `
  with mine as materialized (${mineSql}), looked as materialized (
    select s.conversation_id, s.seq, s.at, s.message_id, coalesce(s.words @@ $3::tsquery, true) as is_hit
    from mine cross join lateral (
      select x.* from message_search x
      where x.conversation_id = mine.conversation_id and x.seq >= mine.first_seq
        and x.at >= $4::timestamptz and (x.at, x.message_id) < ($5::timestamptz, $6::uuid)
      offset 0
    ) s
    limit $7
  )
  select (select count(*)::int from looked) as looked, coalesce((
    select jsonb_agg(jsonb_build_object('conversationId', h.conversation_id, 'seq', h.seq))
    from (select * from looked where is_hit order by at desc, message_id desc limit $8) h), '[]') as hits`;

export interface SearchWindow {
  userId: string;
  conversationId: string | null;
  /** A `tsquery` without the keys of conversations; null: every message is a hit. */
  query: string | null;
  /** ISO 8601, inclusive. */
  low: string;
  /** ISO 8601 or 'infinity': messages before this moment, or at this moment with a smaller id. */
  high: { at: string; id: string };
  /** More messages than that are not looked at; which ones is left open. */
  maxLooked: number;
  limit: number;
}

/** The newest hits among the messages of a time; access is decided here, too. */
export async function searchWindow(db: Db, window: SearchWindow): Promise<{ looked: number; hits: Hit[] }> {
  const { userId, conversationId, query, low, high, maxLooked, limit } = window;
  const values = [userId, conversationId, query, low, high.at, high.id, maxLooked, limit];
  return (await db.query<{ looked: number; hits: Hit[] }>(windowSql, values)).rows[0]!;
}
