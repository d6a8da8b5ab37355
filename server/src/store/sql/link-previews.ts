import { createHash } from 'node:crypto';
import type { LinkPreview } from '@chatcluster/protocol';
import type { ChangeResult } from '../types.ts';
import type { Db } from './auth-keys.ts';

const hashOf = (url: string) => createHash('sha256').update(url).digest();

/** undefined: not known (any more). null: there is nothing to show. */
export async function findPreview(db: Db, url: string): Promise<LinkPreview | null | undefined> {
  const { rows } = await db.query<{ preview: LinkPreview | null }>(
    `select l.preview from link_previews l
     where l.url_hash = $1 and l.expires_at > now() and (l.preview -> 'image' is null or exists (
       select 1 from files f where f.id = (l.preview -> 'image' ->> 'fileId')::uuid and f.state = 'ready'))`,
    [hashOf(url)],
  );
  return rows[0]?.preview;
}

export interface FetchClaim {
  url: string;
  host: string;
  /** For whom. */
  userId: string;
  hostPerMinute: number;
  userPerHour: number;
}

/** Counts a fetch. False: too much was fetched from this host in the last minute, or for this person in the last hour. */
export async function claimFetch(db: Db, { url, host, userId, hostPerMinute, userPerHour }: FetchClaim): Promise<boolean> {
  const values = [hashOf(url), host, userId, hostPerMinute, userPerHour];
  const { rows } = await db.query<{ granted: boolean }>('select claim_preview($1, $2, $3, $4, $5) as granted', values);
  return rows[0]!.granted;
}

/** What a granted fetch found; null: nothing. */
export async function savePreview(db: Db, url: string, preview: LinkPreview | null, seconds: number): Promise<void> {
  await db.query(`update link_previews set preview = $2, expires_at = now() + $3 * interval '1 second' where url_hash = $1`, [
    hashOf(url),
    preview === null ? null : JSON.stringify(preview),
    seconds,
  ]);
}

/** Not those that the limits still count. */
export async function deleteOldPreviews(db: Db): Promise<void> {
  await db.query(`delete from link_previews where expires_at < now() and fetched_at < now() - interval '1 hour'`);
}

export interface PictureFile {
  id: string;
  name: string;
  bytes: number;
  sha256: Buffer;
  width: number;
  height: number;
  preview: string;
}

/** Nobody's; like any other file it goes when no message shows it. */
export async function insertPicture(db: Db, file: PictureFile): Promise<void> {
  await db.query(
    `insert into files (id, owner_id, name, type, bytes, sha256, state, width, height, preview, attached_at)
     values ($1, null, $2, 'image/webp', $3, $4, 'ready', $5, $6, $7, now())`,
    [file.id, file.name, file.bytes, file.sha256, file.width, file.height, file.preview],
  );
}

/** Whether the person is a guest; undefined when there is no such person any more. */
export async function loadAuthor(db: Db, userId: string): Promise<{ guest: boolean } | undefined> {
  const { rows } = await db.query<{ guest: boolean }>('select guest from users where id = $1 and deleted_at is null', [userId]);
  return rows[0];
}

export interface PreviewsRow {
  conversationId: string;
  id: string;
  actorId: string;
  clientMsgId: string | null;
  messageId: string;
  previews: LinkPreview[];
  /** The entry whose body they were made of. null: a person takes them away, for good. */
  ofSeq: number | null;
  /** As in AppendRow. */
  expectVersion: number | null;
}

/** `unchanged` also when the body is another by now. */
export async function appendPreviews(db: Db, row: PreviewsRow): Promise<ChangeResult> {
  const { rows } = await db.query<{ change: ChangeResult }>('select append_previews($1, $2, $3, $4, $5, $6, $7, $8) as change', [
    row.conversationId,
    row.id,
    row.actorId,
    row.clientMsgId,
    row.messageId,
    JSON.stringify(row.previews),
    row.ofSeq,
    row.expectVersion,
  ]);
  return rows[0]!.change;
}
