import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type pg from 'pg';
import type { OwnUser, User } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { avatarUrlOf, findAvatarUrl, removeAvatar } from '../store/sql/avatars.ts';
import { findFile } from '../store/sql/files.ts';
import { enqueueJob } from '../store/sql/jobs.ts';
import { findCredentialsById } from '../store/sql/user-accounts.ts';
import { inTransaction } from '../store/transaction.ts';
import { isImage } from '../files/types.ts';
import { translateUnavailable } from './unavailable.ts';

const CUTTING_MS = 8_000;
const LOOK_MS = 100;

/** The own picture: cut to a square by a worker, from an image that was uploaded before. */
export function createAvatars({ pool }: { pool: pg.Pool }) {
  async function set(userId: string, fileId: string): Promise<OwnUser> {
    const file = await findFile(pool, fileId);
    if (file === null || file.ownerId !== userId) throw new ChatError('not_found');
    if (file.state !== 'ready' || !isImage(file.type))
      throw new ChatError('invalid', { details: [{ path: 'fileId', issue: 'is not a complete image' }] });
    const avatarId = randomUUID();
    await enqueueJob(pool, { kind: 'avatar', payload: { userId, fileId, avatarId } });
    const end = performance.now() + CUTTING_MS;
    while ((await findAvatarUrl(pool, userId)) !== avatarUrlOf(avatarId)) {
      if (performance.now() > end)
        throw new ChatError('unavailable', { message: 'The picture is still being prepared.', retryAfterMs: 2_000 });
      await wait(LOOK_MS);
    }
    return own(userId);
  }

  async function own(userId: string): Promise<OwnUser> {
    const found = await findCredentialsById(pool, userId);
    if (!found) throw new ChatError('not_found');
    return found.user;
  }

  return {
    /** Tells others by itself, through the worker. */
    set: (userId: string, fileId: string) => translateUnavailable(() => set(userId, fileId)),
    remove: (userId: string): Promise<{ own: OwnUser; user: User }> =>
      translateUnavailable(async () => {
        const user = await inTransaction(pool, async (db) => {
          const result = await removeAvatar(db, userId);
          for (const { id, parts } of result.replaced)
            await enqueueJob(db, { kind: 'file-remove', key: id, payload: { fileId: id, parts } });
          return result.user;
        });
        if (user === null) throw new ChatError('not_found');
        return { own: await own(userId), user };
      }),
  };
}
export type Avatars = ReturnType<typeof createAvatars>;
