import type { ErrorCode, Role } from '@chatcluster/protocol';
import type { ConversationAccess } from '../store/types.ts';

export type Decision = { ok: true } | { ok: false; code: ErrorCode; message?: string };

const allowed: Decision = { ok: true };
const refuse = (code: ErrorCode, message?: string): Decision => ({ ok: false, code, message });

/** May this person see that the conversation exists and take part? Strangers learn nothing (`not_found`). */
export function decideMember(access: ConversationAccess | undefined, userId: string): Decision {
  if (access === undefined) return refuse('not_found');
  if (access.members.has(userId)) return allowed;
  return refuse(access.former.has(userId) ? 'not_member' : 'not_found');
}

export function decideSend(access: ConversationAccess | undefined, userId: string): Decision {
  const member = decideMember(access, userId);
  if (!member.ok) return member;
  if (access!.archived) return refuse('forbidden', 'This conversation is archived.');
  if (access!.blocked) return refuse('forbidden', 'You cannot write to this person.');
  if (access!.members.get(userId)!.role === 'readonly') return refuse('forbidden', 'You may read here, not write.');
  return allowed;
}

const rank: Record<Role, number> = { owner: 3, admin: 2, member: 1, readonly: 0 };

function isManager(access: ConversationAccess, userId: string): boolean {
  return rank[access.members.get(userId)!.role] >= rank.admin;
}

export function decideDelete(access: ConversationAccess | undefined, userId: string, authorId: string): Decision {
  const member = decideMember(access, userId);
  if (!member.ok) return member;
  if (authorId === userId || (access!.kind !== 'direct' && isManager(access!, userId))) return allowed;
  return refuse('forbidden', 'Only the author or an admin may delete this message.');
}

/** Whom @all reaches may be thousands: not for everyone to call. */
export function decideMentionAll(access: ConversationAccess, userId: string): Decision {
  if (access.kind === 'direct' || isManager(access, userId)) return allowed;
  return refuse('forbidden', 'Only owners and admins may mention everyone.');
}

/** Titles, topics, archiving, adding people. */
export function decideManage(access: ConversationAccess | undefined, userId: string): Decision {
  const member = decideMember(access, userId);
  if (!member.ok) return member;
  if (access!.kind === 'direct') return refuse('forbidden', 'A direct conversation has exactly its two people.');
  return isManager(access!, userId) ? allowed : refuse('forbidden', 'Only owners and admins may do this.');
}

/** Removing somebody or changing a role: only downwards, and only an owner makes owners. */
export function decideMemberChange(access: ConversationAccess | undefined, userId: string, targetId: string, newRole?: Role): Decision {
  const manage = decideManage(access, userId);
  if (!manage.ok) return manage;
  const target = access!.members.get(targetId);
  if (target === undefined) return refuse('not_found', 'That person is not a member.');
  const own = access!.members.get(userId)!.role;
  if (own === 'owner') return allowed;
  if (rank[target.role] >= rank[own] || (newRole !== undefined && rank[newRole] >= rank[own])) {
    return refuse('forbidden', 'Only an owner may do this.');
  }
  return allowed;
}
