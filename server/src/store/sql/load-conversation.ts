import type { Conversation, Message } from '@chatcluster/protocol';
import type pg from 'pg';
import { conversationJson, messageJson } from './fragments.ts';
import { checkReadable } from './load-history.ts';

interface Row {
  kind: string;
  member: 'current' | 'former' | 'never';
  conversation: Conversation;
}

const sql = `
  select c.kind, case when m.user_id is null then 'never' when m.left_at is null then 'current' else 'former' end as member,
    case when m.user_id is not null and m.left_at is null then ${conversationJson} end as conversation
  from conversations c left join members m on m.conversation_id = c.id and m.user_id = $1
  where c.id = $2 and c.deleted_at is null`;

/** Throws `not_found` or `not_member`. */
export async function loadConversation(pool: pg.Pool, userId: string, conversationId: string): Promise<Conversation> {
  const { rows } = await pool.query<Row>({ name: 'load-conversation', text: sql, values: [userId, conversationId] });
  const row = rows[0];
  checkReadable(row);
  return row.conversation;
}

const forUsersSql = `
  select m.user_id as "userId", ${conversationJson} as conversation
  from conversations c join members m on m.conversation_id = c.id and m.left_at is null
  where c.id = $1 and m.user_id = any ($2::uuid[]) and c.deleted_at is null`;

/** The conversation as each of these members sees it (for `conversation:added`). */
export async function loadConversationFor(pool: pg.Pool, conversationId: string, userIds: string[]): Promise<Map<string, Conversation>> {
  const { rows } = await pool.query<{ userId: string; conversation: Conversation }>(forUsersSql, [conversationId, userIds]);
  return new Map(rows.map((r) => [r.userId, r.conversation]));
}

const messageSql = `
  select ${messageJson('$3::uuid')} as message from entries e
  where e.conversation_id = $1 and e.id = $2 and e.type = 'message'`;

/** Without any check of access; deleted ones are found, with `deletedAt`. `viewerId` is whose reactions are `me`. */
export async function findMessage(pool: pg.Pool, conversationId: string, messageId: string, viewerId?: string): Promise<Message | null> {
  const { rows } = await pool.query<{ message: Message }>({
    name: 'find-message',
    text: messageSql,
    values: [conversationId, messageId, viewerId ?? null],
  });
  return rows[0]?.message ?? null;
}
