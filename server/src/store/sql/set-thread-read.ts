import { ChatError, type ConversationMe } from '@chatcluster/protocol';
import type pg from 'pg';
import { meJson } from './fragments.ts';

export interface SetThreadRead {
  userId: string;
  conversationId: string;
  /** The message that the thread answers. */
  rootId: string;
  seq: number;
}

/** They travel with the own state; of more, the ones least far are forgotten. */
const THREADS_MAX = 200;

const seen = `coalesce((m.thread_reads ->> $3::uuid::text)::bigint, 0)`;

const isMember = `m.conversation_id = $2 and m.user_id = $1 and m.left_at is null and c.id = m.conversation_id and c.deleted_at is null
  and exists (select from entries e where e.conversation_id = c.id and e.id = $3 and e.type = 'message' and e.seq >= m.first_seq)`;

const moveSql = `
  with m as (
    update members m set changed_xid = pg_current_xact_id()::text::bigint, thread_reads = (
      select jsonb_object_agg(t.root, t.seq) from (
        select r.key as root, r.value::bigint as seq from jsonb_each_text(m.thread_reads) r where r.key <> $3::uuid::text
        union all select $3::uuid::text, least($4::bigint, c.last_seq)
        order by seq desc limit ${THREADS_MAX}
      ) t)
    from conversations c where ${isMember} and least($4::bigint, c.last_seq) > ${seen}
    returning m.*, c.last_seq
  )
  select ${meJson('m.last_seq')} as me from m`;

const lookSql = `select ${meJson()} as me from members m, conversations c where ${isMember}`;

/** Monotonic, clamped to the last seq. Throws `not_found` for a message that one may not read. */
export async function setThreadRead(pool: pg.Pool, change: SetThreadRead): Promise<{ moved: boolean; me: ConversationMe }> {
  const { userId, conversationId, rootId, seq } = change;
  const moved = await pool.query<{ me: ConversationMe }>(moveSql, [userId, conversationId, rootId, seq]);
  if (moved.rows[0]) return { moved: true, me: moved.rows[0].me };
  const { rows } = await pool.query<{ me: ConversationMe }>(lookSql, [userId, conversationId, rootId]);
  if (!rows[0]) throw new ChatError('not_found', { message: 'There is no such message here.' });
  return { moved: false, me: rows[0].me };
}
