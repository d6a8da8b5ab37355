import type { PresenceSetting } from '@chatcluster/protocol';
import type { Db } from './auth-keys.ts';

/** Of these ids, those of people who exist. */
export async function existingUsers(db: Db, userIds: string[]): Promise<string[]> {
  if (userIds.length === 0) return [];
  const { rows } = await db.query<{ id: string }>('select id from users where id = any($1::uuid[]) and deleted_at is null', [userIds]);
  return rows.map((row) => row.id);
}

const authorsSql = `
  select distinct actor_id as id from entries
  where conversation_id = $1 and seq > $2::bigint - $3 and seq <= $2 and type = 'message'`;

/** Who wrote the last `lookBack` entries up to `seq`. */
export async function listAuthors(db: Db, conversationId: string, seq: number, lookBack: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(authorsSql, [conversationId, seq, lookBack]);
  return rows.map((row) => row.id);
}

export interface Arrival {
  setting: PresenceSetting;
  /** Whom this person has blocked. */
  blocked: string[];
}

const arrivalsSql = `
  select u.id, u.presence as setting, array(select b.blocked_id::text from blocks b where b.user_id = u.id) as blocked
  from users u where u.id = any ($1::uuid[])`;

/** What is looked up when a socket has opened. */
export async function loadArrivals(db: Db, userIds: string[]): Promise<(userId: string) => Arrival> {
  const { rows } = await db.query<Arrival & { id: string }>(arrivalsSql, [userIds]);
  const found = new Map(rows.map(({ id, setting, blocked }) => [id, { setting, blocked }]));
  return (userId) => found.get(userId) ?? { setting: 'online', blocked: [] };
}

export async function savePresenceSetting(db: Db, userId: string, setting: PresenceSetting): Promise<void> {
  await db.query('update users set presence = $2 where id = $1', [userId, setting]);
}

/** Several at once: a pod that drains loses thousands of people within seconds. Nothing of people who deleted their account. */
export async function touchLastSeen(db: Db, userIds: string[]): Promise<void> {
  await db.query("update users set last_seen_at = now() where id = any($1::uuid[]) and presence <> 'invisible' and deleted_at is null", [
    userIds,
  ]);
}

export async function loadLastSeen(db: Db, userIds: string[]): Promise<Map<string, string>> {
  const { rows } = await db.query<{ id: string; at: Date }>(
    'select id, last_seen_at as at from users where id = any($1::uuid[]) and last_seen_at is not null',
    [userIds],
  );
  return new Map(rows.map((row) => [row.id, row.at.toISOString()]));
}
