import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import type { Attachment, FileUpload, Limits, RestInput } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import type { FilesConfig } from '../config/files.ts';
import { IntakeError, takeIn } from '../files/intake.ts';
import { contentKey, originalKey, partKey, partRange, thumbnailKey, uploadKey, uploadKeys } from '../files/keys.ts';
import type { FileStore } from '../files/store.ts';
import { isImage, isInline, servedType, sniffType } from '../files/types.ts';
import type { Logger } from '../log.ts';
import * as sql from '../store/sql/files.ts';
import { enqueueJob } from '../store/sql/jobs.ts';
import { inTransaction } from '../store/transaction.ts';
import { toAttachment } from './attachments.ts';
import { translateUnavailable } from './unavailable.ts';

export interface FilesDeps {
  pool: pg.Pool;
  /** undefined: this installation takes no files. */
  fileStore: FileStore | undefined;
  config: FilesConfig;
  limits: Limits;
  log: Logger;
}

type Caller = { userId: string; guest: boolean };

const UPLOAD_SECONDS = 3_600;
/** How long the answer to `complete` waits for a worker. */
const CLEANING_MS = 8_000;
const LOOK_MS = 100;

const invalid = (path: string, issue: string) => new ChatError('invalid', { details: [{ path, issue }] });

/** Files of people: announced, uploaded to the store by a signed URL, checked, and given out to those who may see them. */
export function createFiles(deps: FilesDeps) {
  const { pool, config, limits, log } = deps;

  function storeOrRefuse(): FileStore {
    if (deps.fileStore === undefined) throw new ChatError('forbidden', { message: 'This installation takes no files.' });
    return deps.fileStore;
  }

  async function create(caller: Caller, input: RestInput<'createFile'>): Promise<FileUpload> {
    const store = storeOrRefuse();
    if (caller.guest) throw new ChatError('forbidden', { message: 'Guests cannot upload files.' });
    if (input.bytes > limits.fileMaxBytes)
      throw new ChatError('too_large', { message: `A file may have at most ${limits.fileMaxBytes} bytes.` });
    if (input.parts !== undefined && input.parts > input.bytes) throw invalid('parts', 'more parts than bytes');
    const file = await sql.createFile(pool, {
      ...input,
      id: randomUUID(),
      ownerId: caller.userId,
      purpose: 'attachment',
      parts: input.parts ?? 0,
      quotaBytes: config.quotaBytes,
    });
    if (file === null) throw new ChatError('too_large', { message: 'Your space for files is used up; delete some messages with files.' });
    if (file.state !== 'pending') throw new ChatError('conflict', { message: 'This file was uploaded already.' });
    return file.parts === 0
      ? { fileId: file.id, upload: await store.signUpload(uploadKey(file.id), file.bytes, UPLOAD_SECONDS) }
      : { fileId: file.id, parts: await Promise.all(Array.from({ length: file.parts }, (_, i) => signPart(store, file, i + 1))) };
  }

  async function signPart(store: FileStore, file: sql.StoredFile, number: number) {
    const { offset, bytes } = partRange(file.bytes, file.parts, number);
    const key = partKey(file.id, number);
    const received = (await store.size(key)) === bytes;
    return { number, offset, bytes, received, ...(await store.signUpload(key, bytes, UPLOAD_SECONDS)) };
  }

  async function own(userId: string, id: string): Promise<sql.StoredFile> {
    const file = await sql.findFile(pool, id);
    if (file === null || file.ownerId !== userId) throw new ChatError('not_found');
    return file;
  }

  async function complete(userId: string, id: string): Promise<Attachment> {
    const file = await own(userId, id);
    if (file.state === 'pending') await take(storeOrRefuse(), file);
    return settled(userId, id);
  }

  async function take(store: FileStore, file: sql.StoredFile): Promise<void> {
    const uploads = uploadKeys(file.id, file.parts);
    const { type } = await takeIn(store, uploads, file, async (head) => {
      const sniffed = await sniffType(head, file.type);
      return { key: isImage(sniffed) ? originalKey(file.id) : contentKey(file.id), type: sniffed };
    }).catch((error: unknown) => {
      if (error instanceof IntakeError) throw invalid(error.path, error.message);
      throw new ChatError('unavailable', { message: 'The file store does not answer.', retryAfterMs: 2_000, cause: error });
    });
    await inTransaction(pool, async (db) => {
      const mine = await sql.setFileContent(db, file.id, { type, state: isImage(type) ? 'processing' : 'ready' });
      if (mine && isImage(type)) await enqueueJob(db, { kind: 'file-clean', key: file.id, payload: { fileId: file.id } });
    });
    // Whatever stays goes with the file.
    await store.remove(uploads).catch((error: unknown) => log.debug({ err: error, fileId: file.id }, 'uploads not removed'));
  }

  async function settled(userId: string, id: string): Promise<Attachment> {
    const end = performance.now() + CLEANING_MS;
    for (;;) {
      const file = await own(userId, id);
      if (file.state === 'ready') return toAttachment(file);
      if (file.state === 'failed') throw invalid('upload', 'is an image that cannot be read');
      if (performance.now() > end)
        throw new ChatError('unavailable', { message: 'The image is still being prepared.', retryAfterMs: 1_000 });
      await wait(LOOK_MS);
    }
  }

  async function readable(userId: string, id: string): Promise<sql.StoredFile> {
    const file = await sql.findReadableFile(pool, id, userId);
    if (file === null || file.state === 'pending' || file.state === 'failed') throw new ChatError('not_found');
    if (file.state !== 'ready') throw new ChatError('unavailable', { message: 'The image is still being prepared.', retryAfterMs: 1_000 });
    return file;
  }

  return {
    create: (caller: Caller, input: RestInput<'createFile'>) => translateUnavailable(() => create(caller, input)),
    complete: (userId: string, id: string) => translateUnavailable(() => complete(userId, id)),
    /** A URL that works for a short while, for everybody who has it. */
    async link(userId: string, id: string, options: { asAttachment: boolean }): Promise<string> {
      const file = await translateUnavailable(() => readable(userId, id));
      const download = { type: servedType(file.type), name: file.name, isInline: isInline(file.type) && !options.asAttachment };
      return storeOrRefuse().signDownload(contentKey(id), download, config.linkSeconds);
    },
    async thumbnailLink(userId: string, id: string): Promise<string> {
      const file = await translateUnavailable(() => readable(userId, id));
      if (!file.hasThumbnail) throw new ChatError('not_found');
      return storeOrRefuse().signDownload(thumbnailKey(id), { type: 'image/webp', name: file.name, isInline: true }, config.linkSeconds);
    },
    /** Of what was never posted. */
    async discard(userId: string, id: string): Promise<void> {
      await translateUnavailable(async () => {
        await own(userId, id);
        await inTransaction(pool, async (db) => {
          const [gone] = await sql.markUnpostedDeleted(db, id);
          if (gone === undefined) throw new ChatError('conflict', { message: 'This file was posted; delete the message instead.' });
          await enqueueJob(db, { kind: 'file-remove', key: id, payload: { fileId: id, parts: gone.parts } });
        });
      });
    },
  };
}
export type Files = ReturnType<typeof createFiles>;
