import type { OwnUser } from '@chatcluster/protocol';
import type { Db } from './auth-keys.ts';
import type { NewSession } from './auth-sessions.ts';
import { ownUserColumns, toOwnUser, type OwnUserRow } from './user-rows.ts';

export type MailTokenPurpose = 'sign-up' | 'upgrade' | 'email' | 'reset';

/** What a link brings about, by its purpose. */
export interface MailTokenData {
  email: string;
  displayName?: string;
  passwordHash?: string;
}

export interface NewMailToken {
  hash: Buffer;
  purpose: MailTokenPurpose;
  userId: string | null;
  data: MailTokenData;
  lifetimeSeconds: number;
}

export async function insertMailToken(db: Db, token: NewMailToken): Promise<void> {
  await db.query(
    `insert into mail_tokens (hash, purpose, user_id, data, expires_at) values ($1, $2, $3, $4, now() + $5 * interval '1 second')`,
    [token.hash, token.purpose, token.userId, JSON.stringify(token.data), token.lifetimeSeconds],
  );
}

/** Looks without using it up. */
export async function findMailToken(
  db: Db,
  hash: Buffer,
): Promise<{ purpose: MailTokenPurpose; userId: string | null; data: MailTokenData } | null> {
  const { rows } = await db.query<{ purpose: MailTokenPurpose; user_id: string | null; data: MailTokenData }>(
    'select purpose, user_id, data from mail_tokens where hash = $1 and expires_at > now()',
    [hash],
  );
  return rows[0] ? { purpose: rows[0].purpose, userId: rows[0].user_id, data: rows[0].data } : null;
}

const take = (purpose: MailTokenPurpose) =>
  `t as (delete from mail_tokens where hash = $1 and purpose = '${purpose}' and expires_at > now() returning user_id, data)`;

const insertSessionOf = (user: string, first: number) =>
  `insert into sessions (id, user_id, device_id, user_agent, address, expires_at)
   select $${first}, ${user}.id, $${first + 1}, $${first + 2}, $${first + 3}, now() + $${first + 4} * interval '1 second' from ${user}`;

const sessionValues = (s: NewSession) => [s.id, s.deviceId, s.userAgent, s.address, s.lifetimeSeconds];

export interface TakeSignUp {
  hash: Buffer;
  userId: string;
  admins: string[];
  session: NewSession;
}

/** Makes the account with its first session. null: the link is not good, or the address was taken meanwhile. */
export async function takeSignUp(db: Db, { hash, userId, admins, session }: TakeSignUp): Promise<OwnUser | null> {
  const { rows } = await db.query<OwnUserRow>(
    `with ${take('sign-up')}, u as (
       insert into users (id, email, email_verified_at, password_hash, display_name, admin)
       select $2, data ->> 'email', now(), data ->> 'passwordHash', data ->> 'displayName', data ->> 'email' = any ($3) from t
       on conflict do nothing returning *
     ), s as (${insertSessionOf('u', 4)})
     select ${ownUserColumns('u')} from u`,
    [hash, userId, admins, ...sessionValues(session)],
  );
  return rows[0] ? toOwnUser(rows[0]) : null;
}

/** The guest becomes a user. Throws a unique violation when the address was taken meanwhile. */
export async function takeUpgrade(db: Db, { hash, admins, session }: Omit<TakeSignUp, 'userId'>): Promise<OwnUser | null> {
  const { rows } = await db.query<OwnUserRow>(
    `with ${take('upgrade')}, u as (
       update users u set guest = false, email = t.data ->> 'email', email_verified_at = now(), password_hash = t.data ->> 'passwordHash',
         admin = u.admin or t.data ->> 'email' = any ($2)
       from t where u.id = t.user_id and u.guest and u.deleted_at is null and u.suspended_at is null returning u.*
     ), s as (${insertSessionOf('u', 3)})
     select ${ownUserColumns('u')} from u`,
    [hash, admins, ...sessionValues(session)],
  );
  return rows[0] ? toOwnUser(rows[0]) : null;
}

/** Other links to this account lose their worth: they went to the address of before. Throws a unique violation. */
export async function takeEmailChange(db: Db, hash: Buffer, admins: string[]): Promise<{ user: OwnUser; before: string | null } | null> {
  const { rows } = await db.query<OwnUserRow & { before: string | null }>(
    `with ${take('email')}, b as (
       select u.id, u.email from users u, t where u.id = t.user_id and u.deleted_at is null
     ), u as (
       update users u set email = t.data ->> 'email', email_verified_at = now(), admin = u.admin or t.data ->> 'email' = any ($2)
       from t, b where u.id = b.id returning u.*
     ), d as (
       delete from mail_tokens m using b where m.user_id = b.id and m.hash <> $1
     )
     select ${ownUserColumns('u')}, b.email as before from u, b`,
    [hash, admins],
  );
  return rows[0] ? { user: toOwnUser(rows[0]), before: rows[0].before } : null;
}

/** Sets the password, ends every session and every other reset of the account. The mail was read, so the address is verified. */
export async function takeReset(
  db: Db,
  { hash, passwordHash, admins }: { hash: Buffer; passwordHash: string; admins: string[] },
): Promise<{ user: OwnUser; sessionIds: string[] } | null> {
  const { rows } = await db.query<OwnUserRow & { session_ids: string[] }>(
    `with ${take('reset')}, u as (
       update users u set password_hash = $2, email_verified_at = coalesce(u.email_verified_at, now()), admin = u.admin or u.email = any ($3)
       from t where u.id = t.user_id and u.deleted_at is null and u.email = t.data ->> 'email' returning u.*
     ), d as (
       delete from mail_tokens m using u where m.user_id = u.id and m.purpose = 'reset' and m.hash <> $1
     ), s as (
       update sessions s set revoked_at = now() from u where s.user_id = u.id and s.revoked_at is null and s.expires_at > now() returning s.id
     )
     select ${ownUserColumns('u')}, array(select id from s) as session_ids from u`,
    [hash, passwordHash, admins],
  );
  return rows[0] ? { user: toOwnUser(rows[0]), sessionIds: rows[0].session_ids } : null;
}

/** Housekeeping. */
export async function deleteEndedMailTokens(db: Db): Promise<void> {
  await db.query('delete from mail_tokens where expires_at < now()');
  await db.query('delete from used_challenges where expires_at < now()');
}
