import type { Db } from './auth-keys.ts';

/** Everything about the person that is not a message: one JSON object each. */
export async function loadOwnRecord(db: Db, userId: string): Promise<object | null> {
  const { rows } = await db.query<{ record: object }>(
    `select jsonb_strip_nulls(jsonb_build_object('id', u.id, 'email', u.email, 'emailVerified', u.email_verified_at is not null,
       'displayName', u.display_name, 'statusText', u.status_text, 'avatarUrl', u.avatar_url, 'guest', u.guest, 'locale', u.locale, 'createdAt', iso(u.created_at),
       'lastSeenAt', iso(u.last_seen_at))) as record
     from users u where u.id = $1 and u.deleted_at is null`,
    [userId],
  );
  return rows[0]?.record ?? null;
}

const lists = {
  sessions: `select jsonb_strip_nulls(jsonb_build_object('deviceId', s.device_id, 'userAgent', s.user_agent, 'address', s.address,
      'createdAt', iso(s.created_at), 'lastUsedAt', iso(s.last_used_at))) as item
    from sessions s where s.user_id = $1 and s.revoked_at is null order by s.created_at`,
  conversations: `select jsonb_strip_nulls(jsonb_build_object('id', c.id, 'kind', c.kind, 'title', c.title, 'topic', c.topic, 'role', m.role,
      'joinedAt', iso(m.joined_at), 'leftAt', iso(m.left_at))) as item
    from members m join conversations c on c.id = m.conversation_id and c.deleted_at is null
    where m.user_id = $1 order by m.joined_at`,
  files: `select jsonb_build_object('id', f.id, 'name', f.name, 'type', f.type, 'bytes', f.bytes, 'createdAt', iso(f.created_at),
      'url', '/v1/files/' || f.id) as item
    from files f where f.owner_id = $1 and f.state = 'ready' order by f.created_at`,
};

export async function listOwn(db: Db, userId: string, what: keyof typeof lists): Promise<object[]> {
  const { rows } = await db.query<{ item: object }>(lists[what], [userId]);
  return rows.map(({ item }) => item);
}
