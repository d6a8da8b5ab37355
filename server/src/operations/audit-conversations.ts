import type { Audit } from '../audit.ts';
import type { Conversations } from './conversations.ts';

/** Roles, removals and deletions by members, with a line of the audit log after each. */
export function auditConversations(conversations: Conversations, audit: Audit): Conversations {
  const line = (actorId: string, action: string, targetId: string, details: Record<string, unknown> = {}) =>
    audit({ actorId, action: `conversation.${action}`, targetType: 'conversation', targetId, details });
  return {
    ...conversations,
    async setRole(userId, id, targetId, role) {
      await conversations.setRole(userId, id, targetId, role);
      await line(userId, 'role_set', id, { userId: targetId, role });
    },
    async removeMember(userId, id, targetId) {
      await conversations.removeMember(userId, id, targetId);
      if (targetId !== userId) await line(userId, 'member_removed', id, { userId: targetId });
    },
    async delete(userId, id) {
      await conversations.delete(userId, id);
      await line(userId, 'deleted', id);
    },
  };
}
