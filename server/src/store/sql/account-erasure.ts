import type { User } from '@chatcluster/protocol';
import type { Db } from './auth-keys.ts';
import { type UserRow, toUser, userColumns } from './user-rows.ts';

/** What remains of a person: their id, so that what they wrote keeps an author. */
export const DELETED_NAME = 'Deleted user';

/** All that belongs to a person alone. Rows of `sessions` stay until they expire: other pods learn from them what was revoked. */
const own = [
  'identities',
  'mail_tokens',
  'user_totp',
  'recovery_codes',
  'push_subscriptions',
  'notification_settings',
  'blocks',
  'match_waiting',
];

/** Inside a transaction. null: there is no such person any more. */
export async function eraseUser(db: Db, userId: string): Promise<User | null> {
  const { rows } = await db.query<UserRow>(
    `update users u set deleted_at = now(), email = null, email_verified_at = null, password_hash = null, display_name = $2,
       avatar_url = null, status_text = null, admin = false, last_seen_at = null, locale = null
     where u.id = $1 and u.deleted_at is null returning ${userColumns('u')}`,
    [userId, DELETED_NAME],
  );
  if (!rows[0]) return null;
  for (const table of own) await db.query(`delete from ${table} where user_id = $1`, [userId]);
  await db.query('update sessions set device_id = null, user_agent = null, address = null where user_id = $1', [userId]);
  return toUser(rows[0]);
}

export async function loadDeletedUser(db: Db, userId: string): Promise<User | null> {
  const { rows } = await db.query<UserRow>(`select ${userColumns('u')} from users u where u.id = $1 and u.deleted_at is not null`, [
    userId,
  ]);
  return rows[0] ? toUser(rows[0]) : null;
}

export interface Membership {
  conversationId: string;
  /** A direct conversation keeps its two people: for the other one it would have no name. */
  isLeft: boolean;
}

/** Also of conversations that were left: messages stayed there. */
export async function listMemberships(db: Db, userId: string): Promise<Membership[]> {
  const { rows } = await db.query<Membership>(
    `select m.conversation_id as "conversationId", m.left_at is not null or c.kind = 'direct' as "isLeft"
     from members m join conversations c on c.id = m.conversation_id and c.deleted_at is null
     where m.user_id = $1 order by m.conversation_id`,
    [userId],
  );
  return rows;
}

export interface OwnMessage {
  id: string;
  seq: number;
  at: string;
  body: string;
  editedAt?: string;
  attachments: { fileId: string; name: string }[];
}

/** Own messages of one conversation that are not deleted, after `afterSeq`, oldest first. */
export async function listOwnMessages(
  db: Db,
  query: { userId: string; conversationId: string; afterSeq: number; limit: number },
): Promise<OwnMessage[]> {
  const { rows } = await db.query<{ message: OwnMessage }>(
    `select jsonb_strip_nulls(jsonb_build_object('id', e.id, 'seq', e.seq, 'at', iso(e.at), 'body', coalesce(s.body, e.data ->> 'body'),
       'editedAt', iso(s.edited_at), 'attachments', coalesce(e.data -> 'attachments', '[]'))) as message
     from entries e left join message_state s on s.conversation_id = e.conversation_id and s.message_id = e.id
     where e.conversation_id = $1 and e.seq > $2 and e.actor_id = $3 and e.type = 'message' and not e.hidden
     order by e.seq limit $4`,
    [query.conversationId, query.afterSeq, query.userId, query.limit],
  );
  return rows.map(({ message }) => message);
}

export async function listFileIds(db: Db, userId: string, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(`select id from files where owner_id = $1 and state <> 'deleted' limit $2`, [
    userId,
    limit,
  ]);
  return rows.map(({ id }) => id);
}
