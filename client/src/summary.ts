import type { Conversation, Entry, Member } from '@chatcluster/protocol';
import { foldEntry, messageOfEntry, type FoldContext } from './fold.ts';

/**
 * Keeps the list's view of a conversation up to date from its entries. `conversation.lastSeq` is how far it is folded:
 * a `changes` page moves it ahead of the log, and the entries that `sync` brings afterwards must not be folded twice. The own
 * state is folded apart (`foldOwn`).
 */
export function foldSummary(context: FoldContext, conversation: Conversation, entries: readonly Entry[]): Conversation {
  const fresh = entries.filter((entry) => entry.seq > conversation.lastSeq);
  return fresh.reduce((before, entry) => ({ ...foldOne(context, before, entry), lastSeq: entry.seq }), conversation);
}

function foldOne(context: FoldContext, conversation: Conversation, entry: Entry): Conversation {
  const lastMessage = foldLast(context, conversation, entry);
  const base = lastMessage === conversation.lastMessage ? conversation : { ...conversation, lastMessage };
  if (entry.type === 'member') return foldMember(base, entry);
  return entry.type === 'conversation' ? { ...base, ...entry.data } : base;
}

function foldLast(context: FoldContext, conversation: Conversation, entry: Entry): Conversation['lastMessage'] {
  if (entry.type === 'message') return messageOfEntry(context, entry);
  const last = conversation.lastMessage;
  return last === undefined ? last : foldEntry(context, [last], entry)[0];
}

function foldMember(conversation: Conversation, entry: Extract<Entry, { type: 'member' }>): Conversation {
  const { at, seq, data } = entry;
  const { userId, action, role = 'member' } = data;
  if (action === 'role') {
    return withMembers(conversation, (members) => members.map((m) => (m.userId === userId ? { ...m, role } : m)), 0);
  }
  if (action === 'left' || action === 'removed') {
    return withMembers(conversation, (members) => members.filter((m) => m.userId !== userId), -1);
  }
  if (conversation.members?.some((m) => m.userId === userId)) return conversation;
  const joined: Member = { userId, role, joinedAt: at, deliveredSeq: seq, readSeq: seq };
  return withMembers(conversation, (members) => [...members, joined], 1);
}

function withMembers(conversation: Conversation, update: (members: Member[]) => Member[], by: number): Conversation {
  const members = conversation.members === undefined ? {} : { members: update(conversation.members) };
  return { ...conversation, ...members, memberCount: conversation.memberCount + by };
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

/** Of two pictures of the same membership the positions that are further; a page may be older than an event. */
export function furthestReceipts(members: Member[] | undefined, before: Member[] | undefined): Member[] | undefined {
  if (members === undefined || before === undefined) return members;
  const known = new Map(before.map((m) => [m.userId, m]));
  return members.map((m) => {
    const same = known.get(m.userId);
    if (same?.joinedAt !== m.joinedAt) return m;
    return { ...m, deliveredSeq: Math.max(m.deliveredSeq, same.deliveredSeq), readSeq: Math.max(m.readSeq, same.readSeq) };
  });
}
