import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { z } from 'zod';
import { type JobRunner, PermanentJobError } from '../jobs/runner.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { deleteFileRow, findFile, setFileCleaned, setFileFailed } from '../store/sql/files.ts';
import { cleanImage, UnreadableImageError } from './images.ts';
import { allKeys, contentKey, originalKey, thumbnailKey } from './keys.ts';
import type { FileStore } from './store.ts';

export interface FileJobDeps {
  db: Db;
  store: FileStore;
}

const cleanPayload = z.object({ fileId: z.uuid() });
const removePayload = z.object({ fileId: z.uuid(), parts: z.number().int().min(0) });

/** What happens to files behind people's backs; each job may run twice. */
export function handleFileJobs(jobs: Pick<JobRunner, 'handle'>, deps: FileJobDeps): void {
  jobs.handle('file-clean', { run: (payload) => clean(deps, cleanPayload.parse(payload).fileId) });
  jobs.handle('file-remove', { run: (payload) => remove(deps, removePayload.parse(payload)) });
}

/** The picture as others get it is written anew; the one that came, with its place and time, is dropped. */
async function clean({ db, store }: FileJobDeps, fileId: string): Promise<void> {
  const file = await findFile(db, fileId);
  if (file?.state === 'processing') {
    const original = await store.read(originalKey(fileId));
    if (original === undefined) {
      await setFileFailed(db, fileId);
      throw new PermanentJobError('the image is not in the store');
    }
    const image = await cleanImage(await buffer(original), file.type).catch(async (error: unknown) => {
      if (error instanceof UnreadableImageError) await setFileFailed(db, fileId);
      throw error instanceof UnreadableImageError ? new PermanentJobError(error.message, { cause: error }) : error;
    });
    await store.write(contentKey(fileId), toStream(image.content), image.type);
    await store.write(thumbnailKey(fileId), toStream(image.thumbnail), 'image/webp');
    await setFileCleaned(db, fileId, { ...image, bytes: image.content.length });
  }
  await store.remove([originalKey(fileId)]);
}

async function remove({ db, store }: FileJobDeps, { fileId, parts }: z.output<typeof removePayload>): Promise<void> {
  await store.remove(allKeys(fileId, parts));
  await deleteFileRow(db, fileId);
}

/** One chunk, not one per byte. */
export function toStream(content: Buffer): Readable {
  return Readable.from([content], { objectMode: false });
}
