import type { Bot, User } from '@chatcluster/protocol';
import type { Db } from './auth-keys.ts';
import { toUser, userColumns, type UserRow } from './user-rows.ts';

type Row = UserRow & { created_at_iso: string; last_used_at: string | null; suspended_at_iso: string | null };

function toBot(row: Row): Bot {
  return {
    user: toUser(row),
    createdAt: row.created_at_iso,
    ...(row.last_used_at && { lastUsedAt: row.last_used_at }),
    ...(row.suspended_at_iso && { suspendedAt: row.suspended_at_iso }),
  };
}

export async function insertBot(db: Db, id: string, displayName: string): Promise<Bot> {
  const { rows } = await db.query<Row>(
    `insert into users as u (id, display_name, bot) values ($1, $2, 'bot')
     returning ${userColumns('u')}, iso(u.created_at) as created_at_iso, null as last_used_at, null as suspended_at_iso`,
    [id, displayName],
  );
  return toBot(rows[0]!);
}

export async function listBots(db: Db): Promise<Bot[]> {
  const { rows } = await db.query<Row>(
    `select ${userColumns('u')}, iso(u.created_at) as created_at_iso, iso(u.suspended_at) as suspended_at_iso,
       (select iso(max(s.last_used_at)) from sessions s where s.user_id = u.id and s.revoked_at is null) as last_used_at
     from users u where u.bot = 'bot' and u.deleted_at is null order by u.created_at desc, u.id desc limit 500`,
  );
  return rows.map(toBot);
}

export async function findBot(db: Db, id: string): Promise<User | undefined> {
  const { rows } = await db.query<UserRow>(
    `select ${userColumns('u')} from users u where u.id = $1 and u.bot = 'bot' and u.deleted_at is null`,
    [id],
  );
  return rows[0] && toUser(rows[0]);
}

/** Its messages stay. */
export async function deleteBot(db: Db, id: string): Promise<void> {
  await db.query(`update users set deleted_at = now() where id = $1 and bot = 'bot' and deleted_at is null`, [id]);
}

export interface BotSession {
  userId: string;
  expiresAt: Date;
}

/** The session of a bot's token, noted as used; undefined: it has ended, or its bot is no more. */
export async function useBotSession(db: Db, sessionId: string): Promise<BotSession | undefined> {
  const { rows } = await db.query<BotSession>(
    `update sessions s set last_used_at = now() from users u
     where s.id = $1 and s.revoked_at is null and s.expires_at > now()
       and u.id = s.user_id and u.bot = 'bot' and u.deleted_at is null and u.suspended_at is null
     returning s.user_id as "userId", s.expires_at as "expiresAt"`,
    [sessionId],
  );
  return rows[0];
}
