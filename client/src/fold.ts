import type { Entry, LinkPreview, Message, Note, Reaction } from '@chatcluster/protocol';

/** A message of the local log; own ones remember their `clientMsgId` so that the outbox can let go of them. */
export interface LogMessage extends Message {
  clientMsgId?: string;
}

/** Who is looking (for `reactions[].me`) and where. */
export interface FoldContext {
  conversationId: string;
  me: string;
  /** Whom the user has blocked: their messages are never unread. @default nobody */
  blocked?: ReadonlySet<string>;
}

/** A message of somebody else, whom the user has not blocked. */
export function countsAsUnread({ me, blocked }: FoldContext, actorId: string): boolean {
  return actorId !== me && !blocked?.has(actorId);
}

/**
 * Folds one entry into messages that are ascending by seq. Messages that it does not concern keep their identity, and so
 * does the array when nothing changed (an edit of a message that is not loaded, a member entry).
 */
export function foldEntry(context: FoldContext, messages: readonly LogMessage[], entry: Entry): readonly LogMessage[] {
  switch (entry.type) {
    case 'message':
      return addMessage(context, messages, entry);
    case 'edit':
      return change(messages, entry.data.messageId, (m) => (m.deletedAt ? m : { ...m, body: entry.data.body, editedAt: entry.at }));
    case 'delete':
      return erase(messages, entry.data.messageId, entry.at);
    case 'reaction':
      return change(messages, entry.data.messageId, (m) => react(m, entry.data.emoji, entry.data.on, entry.actorId === context.me));
    case 'pin':
      return change(messages, entry.data.messageId, (m) => pin(m, entry.data.on, entry.at));
    case 'preview':
      return change(messages, entry.data.messageId, (m) => showPreviews(m, entry.data.previews));
    case 'member':
    case 'conversation':
      return messages; // Kept beside the messages: `foldNotes`.
    default:
      return messages; // A type of a later release: it took its number, there is nothing to show.
  }
}

export function foldEntries(context: FoldContext, messages: readonly LogMessage[], entries: readonly Entry[]): readonly LogMessage[] {
  return entries.reduce((folded, entry) => foldEntry(context, folded, entry), messages);
}

export function isNote(entry: Entry): entry is Note {
  return entry.type === 'member' || entry.type === 'conversation';
}

/** The notes among the entries with those that are known, ascending by seq; the same array when there is none that is new. */
export function foldNotes(notes: readonly Note[], entries: readonly Entry[]): readonly Note[] {
  const known = new Set(notes.map(({ seq }) => seq));
  const fresh = entries.filter(isNote).filter(({ seq }) => !known.has(seq));
  return fresh.length === 0 ? notes : [...notes, ...fresh].toSorted((a, b) => a.seq - b.seq);
}

export function messageOfEntry(context: FoldContext, entry: Extract<Entry, { type: 'message' }>): LogMessage {
  const { body, replyTo, threadRoot, attachments, mentions, mentionAll, forwardedFrom } = entry.data;
  return {
    id: entry.id,
    seq: entry.seq,
    conversationId: context.conversationId,
    actorId: entry.actorId,
    at: entry.at,
    body,
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(threadRoot === undefined ? {} : { threadRoot }),
    ...(mentionAll === undefined ? {} : { mentionAll }),
    ...(forwardedFrom === undefined ? {} : { forwardedFrom }),
    ...(entry.clientMsgId === undefined ? {} : { clientMsgId: entry.clientMsgId }),
    attachments: attachments ?? [],
    mentions: mentions ?? [],
    reactions: [],
  };
}

function addMessage(
  context: FoldContext,
  messages: readonly LogMessage[],
  entry: Extract<Entry, { type: 'message' }>,
): readonly LogMessage[] {
  if (messages.some((m) => m.id === entry.id)) return messages;
  const message = messageOfEntry(context, entry);
  const counted = countReply(messages, parentOf(entry.data), 1);
  const after = counted.findLastIndex((m) => m.seq < message.seq) + 1;
  return counted.toSpliced(after, 0, message);
}

function change(messages: readonly LogMessage[], id: string, update: (message: LogMessage) => LogMessage): readonly LogMessage[] {
  const index = messages.findLastIndex((m) => m.id === id);
  const message = messages[index];
  if (message === undefined) return messages;
  const updated = update(message);
  return updated === message ? messages : messages.with(index, updated);
}

/** The message whose thread it belongs to. */
export function parentOf({ threadRoot, replyTo }: Pick<Message, 'threadRoot' | 'replyTo'>): string | undefined {
  return threadRoot ?? replyTo;
}

function countReply(messages: readonly LogMessage[], parent: string | undefined, by: 1 | -1): readonly LogMessage[] {
  if (parent === undefined) return messages;
  return change(messages, parent, ({ replyCount = 0, ...message }) =>
    replyCount + by > 0 ? { ...message, replyCount: replyCount + by } : message,
  );
}

function erase(messages: readonly LogMessage[], id: string, at: string): readonly LogMessage[] {
  const message = messages.find((m) => m.id === id);
  if (message === undefined || message.deletedAt) return messages;
  return change(countReply(messages, parentOf(message), -1), id, (m) => erased(m, at));
}

function erased(message: LogMessage, at: string): LogMessage {
  const { pinnedAt: _pinned, editedAt: _edited, mentionAll: _all, forwardedFrom: _from, previews: _previews, ...rest } = message;
  return { ...rest, body: '', deletedAt: at, attachments: [], mentions: [], reactions: [] };
}

function pin(message: LogMessage, on: boolean, at: string): LogMessage {
  if (message.deletedAt || (message.pinnedAt !== undefined) === on) return message;
  if (on) return { ...message, pinnedAt: at };
  const { pinnedAt: _pinned, ...rest } = message;
  return rest;
}

function showPreviews(message: LogMessage, previews: LinkPreview[]): LogMessage {
  if (message.deletedAt) return message;
  const { previews: _before, ...rest } = message;
  return previews.length > 0 ? { ...rest, previews } : rest;
}

function react(message: LogMessage, emoji: string, on: boolean, own: boolean): LogMessage {
  if (message.deletedAt) return message;
  const found = message.reactions.find((r) => r.emoji === emoji);
  if (own && (found?.me ?? false) === on) return message; // One's own is known exactly, so it can never count twice.
  const count = (found?.count ?? 0) + (on ? 1 : -1);
  const next: Reaction = { emoji, count, me: own ? on : (found?.me ?? false) };
  if (found === undefined) return on ? { ...message, reactions: [...message.reactions, next] } : message;
  const reactions = message.reactions.flatMap((r) => (r === found ? (count > 0 ? [next] : []) : [r]));
  return { ...message, reactions };
}
