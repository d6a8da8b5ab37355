import type { OwnUser } from '@chatcluster/protocol';
import { isUniqueViolation } from '../errors.ts';
import type { Db } from './auth-keys.ts';
import { ownUserColumns, toOwnUser, type OwnUserRow } from './user-rows.ts';

/** The account of this person at this provider. One that was deleted since is forgotten, so that the person may begin anew. */
export async function findIdentity(db: Db, provider: string, subject: string): Promise<string | null> {
  const { rows } = await db.query<{ user_id: string }>(
    `with gone as (
       delete from identities i using users u
       where i.provider = $1 and i.subject = $2 and u.id = i.user_id and u.deleted_at is not null
     )
     update identities i set last_used_at = now() from users u
     where i.provider = $1 and i.subject = $2 and u.id = i.user_id and u.deleted_at is null returning i.user_id`,
    [provider, subject],
  );
  return rows[0]?.user_id ?? null;
}

export async function insertIdentity(db: Db, identity: { provider: string; subject: string; userId: string }): Promise<void> {
  await db.query('insert into identities (provider, subject, user_id) values ($1, $2, $3) on conflict do nothing', [
    identity.provider,
    identity.subject,
    identity.userId,
  ]);
}

export interface NewPerson {
  id: string;
  provider: string;
  subject: string;
  /** Verified by the provider. */
  email: string | null;
  displayName: string;
  admins: string[];
}

/** Account and identity at once. null: the address, or the identity, was taken meanwhile. */
export async function insertPerson(db: Db, person: NewPerson): Promise<OwnUser | null> {
  try {
    return await insert(db, person);
  } catch (error) {
    if (isUniqueViolation(error)) return null;
    throw error;
  }
}

async function insert(db: Db, person: NewPerson): Promise<OwnUser | null> {
  const { rows } = await db.query<OwnUserRow>(
    `with u as (
       insert into users (id, email, email_verified_at, display_name, admin)
       select $1, $4, case when $4::text is not null then now() end, $5, coalesce($4 = any ($6), false)
       where not exists (select from identities where provider = $2 and subject = $3)
       on conflict do nothing returning *
     ), i as (
       insert into identities (provider, subject, user_id) select $2, $3, u.id from u
     )
     select ${ownUserColumns('u')} from u`,
    [person.id, person.provider, person.subject, person.email, person.displayName, person.admins],
  );
  return rows[0] ? toOwnUser(rows[0]) : null;
}
