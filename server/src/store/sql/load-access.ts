import type pg from 'pg';
import type { ConversationAccess, Role } from '../types.ts';

type Row = Omit<ConversationAccess, 'members' | 'former'> & {
  members: [string, Role, number][] | null;
  former: [string, number][] | null;
};

const sql = `
  select c.id, c.kind, c.history, c.archived, c.member_version as "memberVersion", c.routing, c.last_seq as "lastSeq",
    m.members, m.former,
    case when c.kind = 'direct' then exists (
      select 1 from members x
      join blocks b on b.user_id = x.user_id
      join members y on y.conversation_id = c.id and y.user_id = b.blocked_id
      where x.conversation_id = c.id
    ) else false end as blocked
  from conversations c
  left join lateral (
    select
      jsonb_agg(jsonb_build_array(m.user_id, m.role, m.first_seq)) filter (where m.left_at is null) as members,
      jsonb_agg(jsonb_build_array(m.user_id, m.last_readable_seq)) filter (where m.left_at is not null) as former
    from members m where m.conversation_id = c.id
  ) m on true
  where c.id = any ($1::uuid[]) and c.deleted_at is null`;

/** Unknown and deleted conversations are left out. */
export async function loadAccess(pool: pg.Pool, conversationIds: string[]): Promise<ConversationAccess[]> {
  if (conversationIds.length === 0) return [];
  const { rows } = await pool.query<Row>({ name: 'load-access', text: sql, values: [conversationIds] });
  return rows.map(({ members, former, ...conversation }) => ({
    ...conversation,
    members: new Map((members ?? []).map(([userId, role, firstSeq]) => [userId, { role, firstSeq }])),
    former: new Map(former ?? []),
  }));
}
