import type { Conversation, Member, Note } from '@chatcluster/protocol';
import type { Page } from './page.ts';
import type { LogMessage } from './fold.ts';
import type { ChatMessage, ConversationSnapshot, DeliveryState, PendingMessage } from './types.ts';

const NO_MESSAGES: readonly ChatMessage[] = [];
const NO_NOTES: readonly Note[] = [];
const NO_MEMBERS: readonly Member[] = [];

export interface SnapshotParts {
  id: string;
  me: string;
  page: Page | undefined;
  pending: readonly PendingMessage[];
  typing: readonly string[];
}

/** Builds a conversation's snapshot; messages that are as before keep their identity, and so does the list. */
export function buildSnapshot(parts: SnapshotParts, before: ConversationSnapshot | undefined): ConversationSnapshot {
  const { id, me, page, pending, typing } = parts;
  const conversation = page?.conversation;
  return {
    id,
    conversation,
    messages: page ? withDelivery(page.conversation, (page.window ?? page.log).messages, me, before?.messages ?? NO_MESSAGES) : NO_MESSAGES,
    notes: (page?.window ?? page?.log)?.notes ?? NO_NOTES,
    pending,
    hasBefore: (page?.window ?? page?.log)?.hasBefore ?? true,
    hasAfter: page?.window !== undefined,
    loaded: page?.log.loaded ?? false,
    loading: page?.isLoading ?? false,
    typing,
    members: conversation?.members ?? NO_MEMBERS,
    unread: conversation?.me.unread ?? 0,
    mentions: conversation?.me.mentions ?? 0,
    readSeq: conversation?.me.readSeq ?? 0,
  };
}

const sources = new WeakMap<ChatMessage, LogMessage>();

/** Own messages with how far they have come; `before`: the list of last time. */
export function withDelivery(
  conversation: Conversation,
  from: readonly LogMessage[],
  me: string,
  before: readonly ChatMessage[],
): readonly ChatMessage[] {
  const reached = reachOf(conversation, me);
  const known = new Map(before.map((m) => [m.id, m]));
  const messages = from.map((message) => {
    if (message.actorId !== me) return message;
    const delivery = deliveryOf(message.seq, reached);
    const same = known.get(message.id);
    if (same?.delivery === delivery && sources.get(same) === message) return same;
    const built = { ...message, delivery };
    sources.set(built, message);
    return built;
  });
  const isSame = messages.length === before.length && messages.every((m, i) => m === before[i]);
  return isSame ? before : messages;
}

/** A message counts as delivered or read when it is so for everyone else. */
function reachOf(conversation: Conversation, me: string): { delivered: number; read: number } {
  const others = (conversation.members ?? []).filter((m) => m.userId !== me);
  if (others.length === 0) return { delivered: 0, read: 0 };
  return { delivered: Math.min(...others.map((m) => m.deliveredSeq)), read: Math.min(...others.map((m) => m.readSeq)) };
}

function deliveryOf(seq: number, reached: { delivered: number; read: number }): DeliveryState {
  if (seq <= reached.read) return 'read';
  return seq <= reached.delivered ? 'delivered' : 'sent';
}

export function sortConversations(conversations: Conversation[]): Conversation[] {
  const activity = (c: Conversation) => c.lastMessage?.at ?? c.createdAt;
  return conversations.sort((a, b) => (activity(a) < activity(b) ? 1 : activity(a) > activity(b) ? -1 : a.id < b.id ? -1 : 1));
}
