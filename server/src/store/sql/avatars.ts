import type { User } from '@chatcluster/protocol';
import type { Db } from './auth-keys.ts';
import { type UserRow, toUser, userColumns } from './user-rows.ts';

export interface NewAvatar {
  userId: string;
  /** The upload it was cut from. */
  fileId: string;
  avatarId: string;
  bytes: number;
}

export interface Replaced {
  /** null: the person is gone. */
  user: User | null;
  /** Files that nothing shows any more, marked as deleted. */
  replaced: { id: string; parts: number }[];
}

const urlOf = (avatarId: string) => `/v1/files/${avatarId}`;

/** Inside a transaction. The upload goes with the picture before it: only the square is shown. */
export async function replaceAvatar(db: Db, avatar: NewAvatar): Promise<Replaced> {
  const { userId, fileId, avatarId, bytes } = avatar;
  const { rows } = await db.query<UserRow>(
    `update users u set avatar_url = $2 where u.id = $1 and u.deleted_at is null returning ${userColumns('u')}`,
    [userId, urlOf(avatarId)],
  );
  if (!rows[0]) return { user: null, replaced: [] };
  await db.query(
    `insert into files (id, owner_id, purpose, name, type, bytes, sha256, state, width, height)
     values ($1, $2, 'avatar', 'avatar.webp', 'image/webp', $3, '', 'ready', 256, 256) on conflict (id) do nothing`,
    [avatarId, userId, bytes],
  );
  return { user: toUser(rows[0]), replaced: await dropOthers(db, userId, { fileId, avatarId }) };
}

/** Inside a transaction. */
export async function removeAvatar(db: Db, userId: string): Promise<Replaced> {
  const { rows } = await db.query<UserRow>(
    `update users u set avatar_url = null where u.id = $1 and u.deleted_at is null returning ${userColumns('u')}`,
    [userId],
  );
  return rows[0] ? { user: toUser(rows[0]), replaced: await dropOthers(db, userId, {}) } : { user: null, replaced: [] };
}

async function dropOthers(db: Db, userId: string, kept: { fileId?: string; avatarId?: string }): Promise<Replaced['replaced']> {
  const { rows } = await db.query<{ id: string; parts: number }>(
    `update files set state = 'deleted'
     where owner_id = $1 and state <> 'deleted'
       and ((purpose = 'avatar' and id is distinct from $2::uuid) or (id = $3::uuid and attached_at is null))
     returning id, parts`,
    [userId, kept.avatarId ?? null, kept.fileId ?? null],
  );
  return rows;
}

/** undefined: the person is gone. null: no picture. */
export async function findAvatarUrl(db: Db, userId: string): Promise<string | null | undefined> {
  const { rows } = await db.query<{ avatar_url: string | null }>('select avatar_url from users where id = $1 and deleted_at is null', [
    userId,
  ]);
  return rows[0]?.avatar_url;
}

export const avatarUrlOf = urlOf;
