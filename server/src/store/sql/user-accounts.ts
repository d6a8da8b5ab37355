import type { OwnUser, User } from '@chatcluster/protocol';
import type { Db } from './auth-keys.ts';
import type { NewSession } from './auth-sessions.ts';
import { ownUserColumns, toOwnUser, toUser, userColumns, type OwnUserRow, type UserRow } from './user-rows.ts';

export interface NewAccount {
  id: string;
  email: string | null;
  passwordHash: string | null;
  displayName: string;
  guest: boolean;
}

/** Account and first session at once: nobody ends up with an account that the answer did not name. null: the address is taken. */
export async function insertAccount(db: Db, account: NewAccount, session: NewSession): Promise<OwnUser | null> {
  const { rows } = await db.query<OwnUserRow>(
    `with u as (
       insert into users (id, email, password_hash, display_name, guest) values ($1, $2, $3, $4, $5)
       on conflict do nothing returning *
     ), s as (
       insert into sessions (id, user_id, device_id, user_agent, address, expires_at)
       select $6, u.id, $7, $8, $9, now() + $10 * interval '1 second' from u
     )
     select ${ownUserColumns('u')} from u`,
    [
      account.id,
      account.email,
      account.passwordHash,
      account.displayName,
      account.guest,
      session.id,
      session.deviceId,
      session.userAgent,
      session.address,
      session.lifetimeSeconds,
    ],
  );
  return rows[0] ? toOwnUser(rows[0]) : null;
}

export interface Credentials {
  user: OwnUser;
  passwordHash: string | null;
}

type CredentialsRow = OwnUserRow & { password_hash: string | null };

async function findOne(db: Db, condition: string, value: string): Promise<Credentials | null> {
  const { rows } = await db.query<CredentialsRow>(
    `select ${ownUserColumns('u')}, u.password_hash from users u where ${condition} and u.deleted_at is null`,
    [value],
  );
  return rows[0] ? { user: toOwnUser(rows[0]), passwordHash: rows[0].password_hash } : null;
}

export function findCredentialsByEmail(db: Db, email: string): Promise<Credentials | null> {
  return findOne(db, 'lower(u.email) = lower($1)', email);
}

export function findCredentialsById(db: Db, userId: string): Promise<Credentials | null> {
  return findOne(db, 'u.id = $1', userId);
}

export async function loadUser(db: Db, userId: string): Promise<User | null> {
  const { rows } = await db.query<UserRow>(`select ${userColumns('u')} from users u where u.id = $1 and u.deleted_at is null`, [userId]);
  return rows[0] ? toUser(rows[0]) : null;
}

export interface ProfilePatch {
  displayName?: string;
  /** '' removes it. */
  statusText?: string;
}

export async function updateProfile(db: Db, userId: string, patch: ProfilePatch): Promise<OwnUser | null> {
  const { rows } = await db.query<OwnUserRow>(
    `update users u set display_name = coalesce($2, u.display_name),
       status_text = case when $3::text is null then u.status_text else nullif($3, '') end
     where u.id = $1 and u.deleted_at is null returning ${ownUserColumns('u')}`,
    [userId, patch.displayName ?? null, patch.statusText ?? null],
  );
  return rows[0] ? toOwnUser(rows[0]) : null;
}
