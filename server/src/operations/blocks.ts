import { ChatError } from '@chatcluster/protocol/errors';
import type { Fanout } from '../fanout/types.ts';
import type { Logger } from '../log.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { listBlocked, setBlock, touchShared } from '../store/sql/blocks.ts';
import { existingUsers } from '../store/sql/user-lookups.ts';
import type { Membership } from './membership.ts';
import { translateUnavailable } from './unavailable.ts';

export interface BlocksDeps {
  db: Db;
  membership: Pick<Membership, 'invalidate'>;
  fanout: Pick<Fanout, 'toUsers' | 'broadcast'>;
  log: Logger;
}

/** Of no conversation: for people who have no direct one. */
const NO_CONVERSATION = '00000000-0000-0000-0000-000000000000';

/** Blocking: no direct messages either way, no presence either way; the own devices hear of the whole list. */
export function createBlocks(deps: BlocksDeps) {
  const { db, membership, fanout } = deps;

  async function set(userId: string, otherId: string, on: boolean): Promise<void> {
    if (otherId === userId) throw new ChatError('invalid', { details: [{ path: 'id', issue: 'is your own' }] });
    if (on && (await existingUsers(db, [otherId])).length === 0) throw new ChatError('not_found');
    const { changed, direct } = await setBlock(db, userId, otherId, on);
    if (!changed) return;
    const { conversationId, memberVersion } = direct ?? { conversationId: NO_CONVERSATION, memberVersion: 0 };
    membership.invalidate(conversationId, memberVersion);
    fanout.broadcast({ kind: 'membership', conversationId, memberVersion, ...(on && { apart: [userId, otherId] }) });
    await touchShared(db, userId, otherId).catch((error: unknown) => deps.log.warn({ err: error }, 'unread counts were not renewed'));
    fanout.toUsers([userId], 'blocks', { userIds: await listBlocked(db, userId) }, { droppable: false });
  }

  return {
    set: (userId: string, otherId: string, on: boolean) => translateUnavailable(() => set(userId, otherId, on)),
    list: (userId: string) => translateUnavailable(() => listBlocked(db, userId)),
  };
}
export type Blocks = ReturnType<typeof createBlocks>;
