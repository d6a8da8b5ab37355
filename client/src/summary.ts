import type { Conversation, ConversationMe, Entry, Member } from '@chatcluster/protocol';
import { countsAsUnread, foldEntry, messageOfEntry, type FoldContext } from './fold.ts';

/**
 * Keeps the list's view of a conversation up to date from its entries. `conversation.lastSeq` is how far it is folded:
 * a `changes` page moves it ahead of the log, and the entries that `sync` brings afterwards must not count twice.
 */
export interface SummaryResult {
  conversation: Conversation;
  /** Something that cannot be told from entries alone (a deleted message that may have been unread). */
  stale: boolean;
}

export function foldSummary(
  context: FoldContext,
  conversation: Conversation,
  entries: readonly Entry[],
  isUnread: (id: string) => boolean | undefined,
): SummaryResult {
  const result = { conversation, stale: false };
  for (const entry of entries) {
    if (entry.seq <= result.conversation.lastSeq) continue;
    const next = foldOne(context, result.conversation, entry, isUnread);
    result.conversation = { ...next.conversation, lastSeq: entry.seq };
    result.stale ||= next.stale;
  }
  return result;
}

function foldOne(
  context: FoldContext,
  conversation: Conversation,
  entry: Entry,
  isUnread: (id: string) => boolean | undefined,
): SummaryResult {
  const lastMessage = foldLast(context, conversation, entry);
  const base = lastMessage === conversation.lastMessage ? conversation : { ...conversation, lastMessage };
  switch (entry.type) {
    case 'message':
      return {
        conversation: !countsAsUnread(context, entry.actorId) ? base : { ...base, me: counted(context, base.me, entry) },
        stale: false,
      };
    case 'delete': {
      const unread = isUnread(entry.data.messageId);
      const me = unread ? { ...base.me, unread: Math.max(0, base.me.unread - 1) } : base.me;
      // Whether it mentioned one is no longer in it.
      const isUntold = unread === undefined ? base.me.unread > 0 : unread && base.me.mentions > 0;
      return { conversation: { ...base, me }, stale: isUntold };
    }
    case 'member':
      return { conversation: foldMember(context, base, entry), stale: false };
    case 'conversation':
      return { conversation: { ...base, ...entry.data }, stale: false };
    default:
      return { conversation: base, stale: false };
  }
}

function foldLast(context: FoldContext, conversation: Conversation, entry: Entry): Conversation['lastMessage'] {
  if (entry.type === 'message') return messageOfEntry(context, entry);
  const last = conversation.lastMessage;
  return last === undefined ? last : foldEntry(context, [last], entry)[0];
}

function counted(context: FoldContext, me: ConversationMe, entry: Extract<Entry, { type: 'message' }>): ConversationMe {
  if (entry.seq <= me.readSeq) return me;
  const mentioned = entry.data.mentionAll === true || (entry.data.mentions?.includes(context.me) ?? false);
  return { ...me, unread: me.unread + 1, mentions: me.mentions + (mentioned ? 1 : 0) };
}

function foldMember(context: FoldContext, conversation: Conversation, entry: Extract<Entry, { type: 'member' }>): Conversation {
  const { at, seq, data } = entry;
  const { userId, action } = data;
  const role = data.role ?? 'member';
  if (action === 'role') {
    const me = userId === context.me ? { ...conversation.me, role } : conversation.me;
    return withMembers(conversation, me, (members) => members.map((m) => (m.userId === userId ? { ...m, role } : m)), 0);
  }
  if (action === 'left' || action === 'removed') {
    return withMembers(conversation, conversation.me, (members) => members.filter((m) => m.userId !== userId), -1);
  }
  if (conversation.members?.some((m) => m.userId === userId)) return conversation;
  const joined: Member = { userId, role, joinedAt: at, deliveredSeq: seq, readSeq: seq };
  return withMembers(conversation, conversation.me, (members) => [...members, joined], 1);
}

function withMembers(conversation: Conversation, me: ConversationMe, update: (members: Member[]) => Member[], by: number): Conversation {
  const members = conversation.members === undefined ? {} : { members: update(conversation.members) };
  return { ...conversation, me, ...members, memberCount: conversation.memberCount + by };
}

/** Receipts only ever move forward. */
export function applyReceipt(conversation: Conversation, userId: string, delivered = 0, read = 0): Conversation {
  const member = conversation.members?.find((m) => m.userId === userId);
  if (member === undefined) return conversation;
  const deliveredSeq = Math.max(member.deliveredSeq, delivered, read);
  const readSeq = Math.max(member.readSeq, read);
  if (deliveredSeq === member.deliveredSeq && readSeq === member.readSeq) return conversation;
  const members = conversation.members?.map((m) => (m === member ? { ...m, deliveredSeq, readSeq } : m));
  return { ...conversation, ...(members ? { members } : {}) };
}
