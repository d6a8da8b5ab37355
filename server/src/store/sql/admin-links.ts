import type { OwnUser } from '@chatcluster/protocol';
import type { Db } from './auth-keys.ts';
import { ownUserColumns, toOwnUser, type OwnUserRow } from './user-rows.ts';

export interface AdminLinkUse {
  /** SHA-256 of the token. */
  hash: Buffer;
  userId: string;
  address: string;
}

/**
 * Makes the person an administrator, with a line of the audit log in the same statement. Undefined: the link was used, or there
 * is an administrator already. The primary key lets one of several through; who uses one link twice gets the same answer twice.
 */
export async function takeAdminLink(db: Db, { hash, userId, address }: AdminLinkUse): Promise<OwnUser | undefined> {
  const { rows } = await db.query<OwnUserRow>(
    `with taken as (
       insert into used_admin_links (hash, user_id)
       select $1, u.id from users u
       where u.id = $2 and not u.guest and u.bot is null and u.deleted_at is null and u.suspended_at is null
         and not exists (select from users a where a.admin and a.deleted_at is null and a.suspended_at is null)
       on conflict do nothing returning user_id
     ), logged as (
       insert into audit_log (actor_id, action, target_type, target_id, address, details)
       select user_id, 'user.admin_granted', 'user', user_id, $3, '{"by":"link"}' from taken
     ), promoted as (
       update users u set admin = true from taken where u.id = taken.user_id returning u.*
     )
     select ${ownUserColumns('p')} from promoted p
     union all
     select ${ownUserColumns('u')} from users u join used_admin_links l on l.user_id = u.id
     where l.hash = $1 and u.id = $2 and u.admin and u.deleted_at is null`,
    [hash, userId, address],
  );
  return rows[0] && toOwnUser(rows[0]);
}
