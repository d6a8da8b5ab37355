import type { Position, PositionsPage } from '@chatcluster/protocol';
import { MEMBERS_IN_CONVERSATION } from '@chatcluster/protocol/limits';
import type pg from 'pg';

const sql = `
  select m.conversation_id as "conversationId",
    jsonb_agg(jsonb_build_object('userId', o.user_id, 'deliveredSeq', o.delivered_seq, 'readSeq', o.receipt_seq)) as positions
  from members m join conversations c on c.id = m.conversation_id
  join members o on o.conversation_id = c.id and o.left_at is null
  where m.user_id = $1 and m.conversation_id = any ($2::uuid[]) and m.left_at is null
    and c.deleted_at is null and c.member_count <= ${MEMBERS_IN_CONVERSATION}
  group by m.conversation_id`;

/** How far everybody has come, in those of the conversations that the caller is in now. Of large ones nobody is told. */
export async function loadPositions(pool: pg.Pool, userId: string, conversationIds: string[]): Promise<PositionsPage> {
  const { rows } = await pool.query<{ conversationId: string; positions: Position[] }>({
    name: 'load-positions',
    text: sql,
    values: [userId, conversationIds],
  });
  return { positions: Object.fromEntries(rows.map((row) => [row.conversationId, row.positions])) };
}
