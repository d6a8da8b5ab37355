import type { Db } from './auth-keys.ts';

export type FileState = 'pending' | 'processing' | 'ready' | 'failed' | 'deleted';

export interface StoredFile {
  id: string;
  /** null: nobody's, the picture of a link preview. */
  ownerId: string | null;
  purpose: 'attachment' | 'avatar';
  name: string;
  type: string;
  bytes: number;
  /** Hex, of what is uploaded. */
  sha256: string;
  /** 0: uploaded whole. */
  parts: number;
  state: FileState;
  width: number | null;
  height: number | null;
  preview: string | null;
  hasThumbnail: boolean;
}

const columns = `f.id, f.owner_id as "ownerId", f.purpose, f.name, f.type, f.bytes::float8 as bytes, encode(f.sha256, 'hex') as sha256, f.parts, f.state,
  f.width, f.height, f.preview, f.has_thumbnail as "hasThumbnail"`;

export interface NewFile {
  id: string;
  ownerId: string;
  clientId?: string;
  purpose: StoredFile['purpose'];
  name: string;
  type: string;
  bytes: number;
  sha256: string;
  parts: number;
  quotaBytes: number;
}

/** The existing file when its client id is known. null: it would exceed the quota, or the person is gone. */
export async function createFile(db: Db, file: NewFile): Promise<StoredFile | null> {
  const { rows } = await db.query<StoredFile>(`select ${columns} from create_file($1) f where f.id is not null`, [JSON.stringify(file)]);
  return rows[0] ?? null;
}

export async function findFile(db: Db, id: string): Promise<StoredFile | null> {
  const { rows } = await db.query<StoredFile>(`select ${columns} from files f where f.id = $1 and f.state <> 'deleted'`, [id]);
  return rows[0] ?? null;
}

/** Whoever posted it, who reads a conversation in which it is posted, and for an avatar everybody. */
export async function findReadableFile(db: Db, id: string, userId: string): Promise<StoredFile | null> {
  const { rows } = await db.query<StoredFile>(
    `select ${columns} from files f
     where f.id = $1 and f.state <> 'deleted' and (f.owner_id = $2 or f.purpose = 'avatar' or exists (
       select 1 from file_uses u
       join conversations c on c.id = u.conversation_id and c.deleted_at is null
       join members m on m.conversation_id = u.conversation_id and m.user_id = $2 and m.left_at is null
       -- "offset 0": as in load-sync.ts.
       cross join lateral (select x.* from entries x where x.conversation_id = u.conversation_id and x.id = u.message_id offset 0) e
       where u.file_id = f.id and not e.hidden and e.seq >= m.first_seq))`,
    [id, userId],
  );
  return rows[0] ?? null;
}

/** From `pending`, by the first of those who complete it at once. False: it was done already. */
export async function setFileContent(db: Db, id: string, content: { type: string; state: 'processing' | 'ready' }): Promise<boolean> {
  const { rowCount } = await db.query(`update files set type = $2, state = $3 where id = $1 and state = 'pending'`, [
    id,
    content.type,
    content.state,
  ]);
  return rowCount === 1;
}

export interface CleanedImage {
  type: string;
  bytes: number;
  width: number;
  height: number;
  preview: string;
}

/** Set by the worker. False: it was deleted meanwhile. */
export async function setFileCleaned(db: Db, id: string, image: CleanedImage): Promise<boolean> {
  const { rowCount } = await db.query(
    `update files set state = 'ready', type = $2, bytes = $3, width = $4, height = $5, preview = $6, has_thumbnail = true
     where id = $1 and state in ('processing', 'ready')`,
    [id, image.type, image.bytes, image.width, image.height, image.preview],
  );
  return rowCount === 1;
}

export async function setFileFailed(db: Db, id: string): Promise<void> {
  await db.query(`update files set state = 'failed' where id = $1 and state = 'processing'`, [id]);
}

/**
 * The person's own files that are ready, in the order asked for, noted as used by this message; fewer when one is not
 * theirs or not ready, and then nothing is noted.
 */
export async function attachFiles(
  db: Db,
  use: { ownerId: string; fileIds: string[]; conversationId: string; messageId: string },
): Promise<StoredFile[]> {
  const { rows } = await db.query<StoredFile>(
    `with wanted as materialized (
       select f.id from files f where f.id = any ($2::uuid[]) and f.owner_id = $1 and f.state = 'ready' and f.purpose = 'attachment' for update
     ), own as (
       select id from wanted where (select count(*) from wanted) = cardinality($2::uuid[])
     ), used as (
       insert into file_uses select id, $3, $4 from own on conflict do nothing
     )
     update files f set attached_at = now() from own where f.id = own.id
     returning ${columns}`,
    [use.ownerId, use.fileIds, use.conversationId, use.messageId],
  );
  const byId = new Map(rows.map((file) => [file.id, file]));
  return use.fileIds.flatMap((id) => byId.get(id) ?? []);
}

/** Of a forwarded message. */
export async function shareFiles(db: Db, use: { fileIds: string[]; conversationId: string; messageId: string }): Promise<void> {
  await db.query(
    `with shared as (
       update files f set attached_at = now() where f.id = any ($1::uuid[]) and f.state = 'ready' and f.purpose = 'attachment' returning f.id
     )
     insert into file_uses select id, $2, $3 from shared on conflict do nothing`,
    [use.fileIds, use.conversationId, use.messageId],
  );
}

/** Marks them; true for each whose objects are to be removed. */
export async function markFilesDeleted(db: Db, ids: string[]): Promise<{ id: string; parts: number }[]> {
  const { rows } = await db.query<{ id: string; parts: number }>(
    `update files set state = 'deleted' where id = any ($1::uuid[]) and state <> 'deleted' returning id, parts`,
    [ids],
  );
  return rows;
}

/** Nothing when a message names it. */
export async function markUnpostedDeleted(db: Db, id: string): Promise<{ id: string; parts: number }[]> {
  const { rows } = await db.query<{ id: string; parts: number }>(
    `update files set state = 'deleted' where id = $1 and state <> 'deleted' and attached_at is null returning id, parts`,
    [id],
  );
  return rows;
}

export async function deleteFileRow(db: Db, id: string): Promise<void> {
  await db.query(`delete from files where id = $1 and state = 'deleted'`, [id]);
}

/**
 * Files that no visible message shows: never posted within `olderThanSeconds`, or the message is gone for longer than an hour
 * (a send notes its use a moment before its message exists).
 */
export async function listOrphans(db: Db, olderThanSeconds: number, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select f.id from files f
     where f.state <> 'deleted' and f.purpose = 'attachment' and f.created_at < now() - $1 * interval '1 second'
       and (f.attached_at is null or f.attached_at < now() - interval '1 hour')
       and not exists (
         select 1 from file_uses u
         join conversations c on c.id = u.conversation_id and c.deleted_at is null
         cross join lateral (select x.* from entries x where x.conversation_id = u.conversation_id and x.id = u.message_id offset 0) e
         where u.file_id = f.id and not e.hidden)
     order by f.created_at limit $2`,
    [olderThanSeconds, limit],
  );
  return rows.map(({ id }) => id);
}
