import { buffer } from 'node:stream/consumers';
import type pg from 'pg';
import { z } from 'zod';
import type { User } from '@chatcluster/protocol';
import { type JobRunner, PermanentJobError } from '../jobs/runner.ts';
import { replaceAvatar } from '../store/sql/avatars.ts';
import { findFile } from '../store/sql/files.ts';
import { enqueueJob } from '../store/sql/jobs.ts';
import { inTransaction } from '../store/transaction.ts';
import { toStream } from './file-jobs.ts';
import { squareAvatar } from './images.ts';
import { contentKey } from './keys.ts';
import type { FileStore } from './store.ts';

export interface AvatarJobDeps {
  pool: pg.Pool;
  store: FileStore;
  onProfileChanged(user: User): void;
}

/** `avatarId`: of the new file, so that a second run makes no second one. */
export const avatarPayload = z.object({ userId: z.uuid(), fileId: z.uuid(), avatarId: z.uuid() });

export function handleAvatarJobs(jobs: Pick<JobRunner, 'handle'>, deps: AvatarJobDeps): void {
  jobs.handle('avatar', { maxAttempts: 5, run: (payload) => makeAvatar(deps, avatarPayload.parse(payload)) });
}

async function makeAvatar({ pool, store, onProfileChanged }: AvatarJobDeps, job: z.output<typeof avatarPayload>): Promise<void> {
  const source = await findFile(pool, job.fileId);
  const content = source?.state === 'ready' ? await store.read(contentKey(job.fileId)) : undefined;
  if (content === undefined) throw new PermanentJobError('the image is gone');
  const picture = await squareAvatar(await buffer(content));
  await store.write(contentKey(job.avatarId), toStream(picture), 'image/webp');
  const { user, replaced } = await inTransaction(pool, async (db) => {
    const result = await replaceAvatar(db, { ...job, bytes: picture.length });
    for (const { id, parts } of result.replaced) await enqueueJob(db, { kind: 'file-remove', key: id, payload: { fileId: id, parts } });
    return result;
  });
  if (user) onProfileChanged(user);
  // Nobody left to wear it: the row was not written, so nothing else would remove the picture.
  else if (replaced.length === 0) await store.remove([contentKey(job.avatarId)]);
}
