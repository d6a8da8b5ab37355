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
 * People whose name, or a word of it, begins with the text. Both conditions have an index. The list without a text
 * leaves guests out: it is the directory, and guests come and go by the thousand.
 */
export async function searchUsers(db: Db, { text, limit, after }: UserSearch): Promise<{ user: User; name: string }[]> {
  const prefix = text.trim().toLowerCase();
  const { rows } = await db.query<UserRow & { name: string }>(
    `select ${userColumns('u')}, lower(u.display_name) as name from users u
     where u.deleted_at is null
       and case when $1 = '' then not u.guest
         else lower(u.display_name) like $2 or exists (
           select 1 from unnest(string_to_array(lower(u.display_name), ' ')) w where w like $2)
         end
       and ($3::text is null or (lower(u.display_name) collate "C", u.id) > ($3 collate "C", $4::uuid))
     order by lower(u.display_name) collate "C", u.id limit $5`,
    [prefix, `${prefix.replace(/[\\%_]/g, (c) => `\\${c}`)}%`, after?.name ?? null, after?.id ?? null, limit],
  );
  return rows.map((row) => ({ user: toUser(row), name: row.name }));
}
