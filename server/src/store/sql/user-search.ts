import type { User } from '@chatcluster/protocol';
import type { Db } from './auth-keys.ts';
import { toUser, userColumns, type UserRow } from './user-rows.ts';

export interface UserSearch {
  text: string;
  limit: number;
  /** The last row of the page before. */
  after: { name: string; id: string } | null;
}

/**
 * People whose name, or a word of it, begins with the text: what one types into a picker. A word in the middle of a name
 * has no index (that would need pg_trgm), so this reads the table: fine up to some 100,000 people. The list without a
 * text leaves guests out: it is the directory, and guests come and go by the thousand.
 */
export async function searchUsers(db: Db, { text, limit, after }: UserSearch): Promise<{ user: User; name: string }[]> {
  const prefix = text
    .trim()
    .toLowerCase()
    .replace(/[\\%_]/g, (c) => `\\${c}`);
  const { rows } = await db.query<UserRow & { name: string }>(
    `select ${userColumns('u')}, lower(u.display_name) as name from users u
     where u.deleted_at is null and u.bot is distinct from 'webhook' and ($1 <> '' or not u.guest)
       and (lower(u.display_name) like $1 || '%' or lower(u.display_name) like '% ' || $1 || '%')
       and ($2::text is null or (lower(u.display_name) collate "C", u.id) > ($2 collate "C", $3::uuid))
     order by lower(u.display_name) collate "C", u.id limit $4`,
    [prefix, after?.name ?? null, after?.id ?? null, limit],
  );
  return rows.map((row) => ({ user: toUser(row), name: row.name }));
}
