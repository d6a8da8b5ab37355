import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { z } from 'zod';
import type { User } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { removeFiles } from '../files/sweep.ts';
import type { JobHandler } from '../jobs/runner.ts';
import { eraseUser, listFileIds, listMemberships, listOwnMessages, loadDeletedUser } from '../store/sql/account-erasure.ts';
import { revokeAllSessions } from '../store/sql/auth-sessions.ts';
import { enqueueJob } from '../store/sql/jobs.ts';
import type { Store } from '../store/store.ts';
import { inTransaction } from '../store/transaction.ts';
import type { Conversations } from './conversations.ts';
import type { Delivery } from './delivery.ts';
import { translateUnavailable } from './unavailable.ts';

export type DeletedUserMessages = 'keep' | 'remove';

export interface DeleteAccountDeps {
  store: Pick<Store, 'pool' | 'appendChange'>;
  conversations: Pick<Conversations, 'abandon'>;
  delivery: Pick<Delivery, 'onChange'>;
  policy: DeletedUserMessages;
}

const PAGE = 200;
const payload = z.object({ userId: z.uuid() });

/**
 * In one transaction the person is nobody: no name, no address, no way in. The rest (leaving conversations, files, by policy the
 * messages) is a job, whose every step looks at what is left, so that it may die anywhere and begin again.
 */
export function createDeleteAccount(deps: DeleteAccountDeps) {
  const { store, conversations, delivery, policy } = deps;
  const { pool } = store;

  async function removeMessages(userId: string, conversationId: string): Promise<void> {
    for (let afterSeq = 0, more = true; more; ) {
      const page = await listOwnMessages(pool, { userId, conversationId, afterSeq, limit: PAGE });
      for (const { id } of page) await removeMessage(userId, conversationId, id);
      afterSeq = page.at(-1)?.seq ?? afterSeq;
      more = page.length === PAGE;
    }
  }

  async function removeMessage(userId: string, conversationId: string, messageId: string): Promise<void> {
    const result = await store.appendChange({
      conversationId,
      id: randomUUID(),
      type: 'delete',
      actorId: userId,
      clientMsgId: null,
      data: { messageId },
      // Membership does not matter here: what one wrote may go from where one has left, too.
      expectVersion: null,
    });
    if (result.status === 'stored') delivery.onChange(conversationId, [result]);
  }

  async function removeAllFiles(db: pg.Pool, userId: string): Promise<void> {
    for (let ids = await listFileIds(db, userId, PAGE); ids.length > 0; ids = await listFileIds(db, userId, PAGE))
      await removeFiles(db, ids);
  }

  return {
    /** Gives the sessions that this ended; their sockets are the caller's to close. */
    delete: (userId: string): Promise<string[]> =>
      translateUnavailable(() =>
        inTransaction(pool, async (db) => {
          if ((await eraseUser(db, userId)) === null) throw new ChatError('not_found');
          await enqueueJob(db, { kind: 'account-delete', key: userId, payload: { userId } });
          return revokeAllSessions(db, userId);
        }),
      ),
    /** What follows, on a worker. `tellProfile` tells those who knew the person. */
    job: (tellProfile: (user: User) => Promise<void>): JobHandler => ({
      async run(raw) {
        const { userId } = payload.parse(raw);
        const user = await loadDeletedUser(pool, userId);
        if (user === null) return;
        await tellProfile(user);
        const memberships = await listMemberships(pool, userId);
        if (policy === 'remove') for (const { conversationId } of memberships) await removeMessages(userId, conversationId);
        for (const { conversationId, isLeft } of memberships) if (!isLeft) await conversations.abandon(userId, conversationId);
        await removeAllFiles(pool, userId);
      },
    }),
  };
}
export type DeleteAccount = ReturnType<typeof createDeleteAccount>;
