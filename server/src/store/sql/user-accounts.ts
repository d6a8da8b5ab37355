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
  /** Whether a second factor is switched on. */
  hasTotp: boolean;
}

type CredentialsRow = OwnUserRow & { password_hash: string | null; has_totp: boolean };

async function findOne(db: Db, condition: string, value: string): Promise<Credentials | null> {
  const { rows } = await db.query<CredentialsRow>(
    `select ${ownUserColumns('u')}, u.password_hash,
       exists (select from user_totp t where t.user_id = u.id and t.confirmed_at is not null) as has_totp
     from users u where ${condition} and u.deleted_at is null`,
    [value],
  );
  const row = rows[0];
  return row ? { user: toOwnUser(row), passwordHash: row.password_hash, hasTotp: row.has_totp } : null;
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
  locale?: string;
}

export async function updateProfile(db: Db, userId: string, patch: ProfilePatch): Promise<OwnUser | null> {
  const { rows } = await db.query<OwnUserRow>(
    `update users u set display_name = coalesce($2, u.display_name),
       status_text = case when $3::text is null then u.status_text else nullif($3, '') end,
       locale = coalesce($4, u.locale)
     where u.id = $1 and u.deleted_at is null returning ${ownUserColumns('u')}`,
    [userId, patch.displayName ?? null, patch.statusText ?? null, patch.locale ?? null],
  );
  return rows[0] ? toOwnUser(rows[0]) : null;
}

/** Where no mail is sent: the address is stored as it is, unverified. Throws a unique violation. */
export async function setEmail(db: Db, userId: string, email: string): Promise<OwnUser | null> {
  const { rows } = await db.query<OwnUserRow>(
    `update users u set email = $2, email_verified_at = case when u.email = $2 then u.email_verified_at end
     where u.id = $1 and u.deleted_at is null returning ${ownUserColumns('u')}`,
    [userId, email],
  );
  return rows[0] ? toOwnUser(rows[0]) : null;
}

/** Where no mail is sent. Throws a unique violation. */
export async function upgradeGuest(db: Db, guest: { userId: string; email: string; passwordHash: string }): Promise<OwnUser | null> {
  const { rows } = await db.query<OwnUserRow>(
    `update users u set guest = false, email = $2, password_hash = $3
     where u.id = $1 and u.guest and u.deleted_at is null returning ${ownUserColumns('u')}`,
    [guest.userId, guest.email, guest.passwordHash],
  );
  return rows[0] ? toOwnUser(rows[0]) : null;
}

/** Who is named an administrator in the settings and has proven the address. */
export async function promoteAdmins(db: Db, emails: string[]): Promise<void> {
  await db.query('update users set admin = true where lower(email) = any ($1) and email_verified_at is not null and not admin', [emails]);
}
