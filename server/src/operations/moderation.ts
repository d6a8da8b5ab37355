import { randomUUID } from 'node:crypto';
import type { AdminUser, RestInput } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import type { Audit } from '../audit.ts';
import type { Fanout } from '../fanout/types.ts';
import { patchUserAsAdmin } from '../store/sql/admin-lists.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import type { Store } from '../store/store.ts';
import type { Delivery } from './delivery.ts';
import type { Membership } from './membership.ts';
import { translateUnavailable } from './unavailable.ts';

export interface ModerationDeps {
  db: Db;
  store: Pick<Store, 'patchConversation' | 'appendChange'>;
  membership: Pick<Membership, 'invalidate'>;
  delivery: Pick<Delivery, 'onChange'>;
  fanout: Pick<Fanout, 'broadcast'>;
  endAllSessions(userId: string): Promise<void>;
  audit: Audit;
}

/** What an administrator of the installation may do without being a member; the caller has checked that it is one. */
export function createModeration(deps: ModerationDeps) {
  const { store, membership, delivery, fanout, audit } = deps;

  async function patchUser(adminId: string, userId: string, patch: RestInput<'adminPatchUser'>): Promise<AdminUser> {
    if (userId === adminId) throw new ChatError('forbidden', { message: 'Ask another administrator to change your own account.' });
    const { suspended, admin, reason } = patch;
    const user = await patchUserAsAdmin(deps.db, { userId, adminId, suspended, admin, reason });
    if (user === null) throw new ChatError('not_found');
    // After the commit: whoever signs in meanwhile is turned away, and every session of before ends here.
    if (suspended === true) await deps.endAllSessions(userId);
    return user;
  }

  async function archive(adminId: string, conversationId: string, archived: boolean): Promise<void> {
    const result = await store.patchConversation({ conversationId, actorId: adminId, archived });
    if (result.status !== 'changed' && result.status !== 'unchanged') throw new ChatError('not_found');
    if (result.status === 'unchanged') return;
    const { memberVersion, changes } = result;
    membership.invalidate(conversationId, memberVersion);
    fanout.broadcast({ kind: 'membership', conversationId, memberVersion });
    delivery.onChange(conversationId, changes);
    const action = archived ? 'conversation.archived' : 'conversation.unarchived';
    await audit({ actorId: adminId, action, targetType: 'conversation', targetId: conversationId });
  }

  async function removeMessage(adminId: string, conversationId: string, messageId: string): Promise<void> {
    const result = await store.appendChange({
      conversationId,
      id: randomUUID(),
      type: 'delete',
      actorId: adminId,
      clientMsgId: null,
      data: { messageId },
      expectVersion: null,
    });
    if (result.status === 'missing' || result.status === 'gone') throw new ChatError('not_found');
    if (result.status !== 'stored') return;
    delivery.onChange(conversationId, [result]);
    await audit({
      actorId: adminId,
      action: 'message.removed',
      targetType: 'message',
      targetId: messageId,
      details: { conversationId },
    });
  }

  return {
    patchUser: (...args: Parameters<typeof patchUser>) => translateUnavailable(() => patchUser(...args)),
    archive: (...args: Parameters<typeof archive>) => translateUnavailable(() => archive(...args)),
    removeMessage: (...args: Parameters<typeof removeMessage>) => translateUnavailable(() => removeMessage(...args)),
  };
}
export type Moderation = ReturnType<typeof createModeration>;
