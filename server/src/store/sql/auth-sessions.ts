import type { OwnUser, SessionInfo } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { ownUserColumns, toOwnUser, type OwnUserRow } from './user-rows.ts';
import type { Db } from './auth-keys.ts';
import type { RevokedCode } from '../types.ts';

export interface NewSession {
  id: string;
  deviceId: string | null;
  userAgent: string | null;
  address: string | null;
  /** Of its refresh token, in seconds. */
  lifetimeSeconds: number;
}

/** Every way to sign in ends here, so this is where a suspended account is turned away (`forbidden`). */
export async function insertSession(db: Db, userId: string, session: NewSession): Promise<void> {
  const { rowCount } = await db.query(
    // The lock: whoever is being suspended at this moment is seen as suspended.
    `insert into sessions (id, user_id, device_id, user_agent, address, expires_at)
     select $1, u.id, $3, $4, $5, now() + $6 * interval '1 second'
     from users u where u.id = $2 and u.deleted_at is null and u.suspended_at is null for share`,
    [session.id, userId, session.deviceId, session.userAgent, session.address, session.lifetimeSeconds],
  );
  if (rowCount === 0) throw new ChatError('forbidden', { message: 'This account is suspended. Ask whoever runs this chat.' });
}

export interface Rotation {
  sessionId: string;
  /** Of the token that was presented. */
  generation: number;
  lifetimeSeconds: number;
  graceSeconds: number;
  maxGraceSeconds: number;
  /** Time for tests; absent: the clock of Postgres. */
  at?: Date;
}

export type RotationResult =
  | { status: 'rotated'; user: OwnUser }
  /** The token was used again too late: this call has revoked its session. */
  | { status: 'reused'; userId: string }
  | { status: 'ended' };

/**
 * One statement, so that two tabs that refresh at once wait for each other on the row and get the same successor.
 *
 * `generation` is the newest one handed out; `rotated_at` holds when the generations before it were first used, newest
 * last (the last 16). A token of generation g was succeeded by g + 1. Presented again, it is good while
 * it was first used less than 24 h ago, and g + 1 is unused or was first used less than 10 s ago.
 */
const rotateSql = `
  update sessions s set
    generation = case when v.fresh then s.generation + 1 else s.generation end,
    rotated_at = case when v.fresh then (s.rotated_at || v.at)[greatest(1, cardinality(s.rotated_at) - 14):] else s.rotated_at end,
    last_used_at = case when v.good then v.at else s.last_used_at end,
    expires_at = case when v.good then v.at + $3 * interval '1 second' else s.expires_at end,
    revoked_at = case when v.good then null else now() end
  from (
    select j.id, j.at, j.fresh, j.fresh or coalesce(
      j.rotated_at[j.used] > j.at - $5 * interval '1 second'
        and (j.rotated_at[j.used + 1] is null or j.rotated_at[j.used + 1] > j.at - $4 * interval '1 second'), false) as good
    from (
      select id, rotated_at, coalesce($6::timestamptz, now()) as at, $2 = generation as fresh,
        cardinality(rotated_at) - (generation - $2) + 1 as used
      from sessions
      where id = $1 and revoked_at is null and expires_at > coalesce($6::timestamptz, now()) and $2 <= generation
      for update
    ) j
  ) v, users u
  where s.id = v.id and u.id = s.user_id and u.deleted_at is null and u.suspended_at is null
  returning s.user_id, s.revoked_at is not null as revoked, ${ownUserColumns('u')}`;

export async function rotateSession(db: Db, r: Rotation): Promise<RotationResult> {
  const { rows } = await db.query<OwnUserRow & { user_id: string; revoked: boolean }>(rotateSql, [
    r.sessionId,
    r.generation,
    r.lifetimeSeconds,
    r.graceSeconds,
    r.maxGraceSeconds,
    r.at ?? null,
  ]);
  const row = rows[0];
  if (!row) return { status: 'ended' };
  return row.revoked ? { status: 'reused', userId: row.user_id } : { status: 'rotated', user: toOwnUser(row) };
}

interface SessionRow {
  id: string;
  device_id: string | null;
  user_agent: string | null;
  address: string | null;
  created_at: Date;
  last_used_at: Date;
}

/** Newest first; a person with more than 200 live sessions sees the newest 200. */
export async function listSessions(db: Db, userId: string, currentId: string): Promise<SessionInfo[]> {
  const { rows } = await db.query<SessionRow>(
    `select id, device_id, user_agent, address, created_at, last_used_at from sessions
     where user_id = $1 and revoked_at is null and expires_at > now() order by last_used_at desc, id limit 200`,
    [userId],
  );
  return rows.map((r) => ({
    id: r.id,
    current: r.id === currentId,
    deviceId: r.device_id ?? undefined,
    userAgent: r.user_agent ?? undefined,
    address: r.address ?? undefined,
    createdAt: r.created_at.toISOString(),
    lastUsedAt: r.last_used_at.toISOString(),
  }));
}

/** The owner, if there was such a live session (of that user, where one is given). */
export async function revokeSession(db: Db, sessionId: string, userId: string | null): Promise<string | null> {
  const { rows } = await db.query<{ user_id: string }>(
    `update sessions set revoked_at = now()
     where id = $1 and ($2::uuid is null or user_id = $2) and revoked_at is null and expires_at > now() returning user_id`,
    [sessionId, userId],
  );
  return rows[0]?.user_id ?? null;
}

/** Whether this session began within the last `seconds`, by the clock of Postgres. Refreshing its tokens does not begin it again. */
export async function isYoungSession(db: Db, sessionId: string, seconds: number): Promise<boolean> {
  const { rowCount } = await db.query("select from sessions where id = $1 and created_at > now() - $2 * interval '1 second'", [
    sessionId,
    seconds,
  ]);
  return rowCount === 1;
}

/** Every live session of a person; gives their ids. */
export async function revokeAllSessions(db: Db, userId: string): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    'update sessions set revoked_at = now() where user_id = $1 and revoked_at is null and expires_at > now() returning id',
    [userId],
  );
  return rows.map((r) => r.id);
}

/** Stores the new hash and ends the other sessions in one statement; gives their ids. */
export async function changePassword(db: Db, change: { userId: string; keepSessionId: string; hash: string }): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `with changed as (update users set password_hash = $3 where id = $1 and deleted_at is null returning id)
     update sessions s set revoked_at = now() from changed
     where s.user_id = changed.id and s.id <> $2 and s.revoked_at is null and s.expires_at > now() returning s.id`,
    [change.userId, change.keepSessionId, change.hash],
  );
  return rows.map((r) => r.id);
}

export interface RevokedSession {
  sessionId: string;
  userId: string;
  code: RevokedCode;
}

/** What was revoked in the last `windowMs`, by the clock of Postgres. */
export async function listRevoked(db: Db, windowMs: number): Promise<RevokedSession[]> {
  const { rows } = await db.query<RevokedSession>(
    `select s.id as "sessionId", s.user_id as "userId", case when u.deleted_at is null then 'revoked' else 'account_deleted' end as code
     from sessions s join users u on u.id = s.user_id where s.revoked_at > now() - $1 * interval '1 millisecond'`,
    [windowMs],
  );
  return rows;
}

/** Housekeeping: sessions and tickets that nothing can use any more. Revoked sessions stay until no token of theirs lives. */
export async function deleteEndedSessions(db: Db, keepRevokedSeconds: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from sessions where id in (
       select id from sessions where expires_at < now() - $1 * interval '1 second' or revoked_at < now() - $1 * interval '1 second' limit 10000)`,
    [Math.max(keepRevokedSeconds, 86_400)],
  );
  await db.query("delete from tickets where expires_at < now() - interval '1 minute'");
  return rowCount ?? 0;
}
