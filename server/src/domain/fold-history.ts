import type { Entry, HistoryPage, LinkPreview, Message, Note } from '@chatcluster/protocol';
import { HISTORY_NOTES } from '@chatcluster/protocol/limits';

export interface HistoryRange {
  before?: number;
  after?: number;
  around?: number;
  limit: number;
}

export interface FoldHistory {
  conversationId: string;
  /** Contiguous, ascending, up to the newest that is known. */
  entries: readonly Entry[];
  viewerId: string;
  /** The first entry that the viewer may read. */
  firstSeq: number;
  range: HistoryRange;
}

type MessageEntry = Extract<Entry, { type: 'message' }>;

interface Folded {
  message: Message;
  /** By emoji, who. */
  reactions: Map<string, Set<string>>;
}

function begin(conversationId: string, { id, seq, actorId, at, data }: MessageEntry): Folded {
  const { body, replyTo, threadRoot, attachments = [], mentions = [], mentionAll, forwardedFrom } = data;
  const message: Message = { id, seq, conversationId, actorId, at, body, attachments, mentions, reactions: [] };
  if (replyTo !== undefined) message.replyTo = replyTo;
  if (threadRoot !== undefined) message.threadRoot = threadRoot;
  if (mentionAll !== undefined) message.mentionAll = mentionAll;
  if (forwardedFrom !== undefined) message.forwardedFrom = forwardedFrom;
  return { message, reactions: new Map() };
}

function react({ reactions }: Folded, { actorId, emoji, on }: { actorId: string; emoji: string; on: boolean }): void {
  const users = reactions.get(emoji) ?? new Set();
  if (on) users.add(actorId);
  else users.delete(actorId);
  if (users.size > 0) reactions.set(emoji, users);
  else reactions.delete(emoji);
}

const parentOf = ({ replyTo = '', threadRoot = replyTo }: { replyTo?: string; threadRoot?: string }) => threadRoot;

function countReply(parent: Folded | undefined, by: 1 | -1): void {
  if (parent === undefined) return;
  const replies = (parent.message.replyCount ?? 0) + by;
  if (replies > 0) parent.message.replyCount = replies;
  else delete parent.message.replyCount;
}

/** Nothing of it stays readable, nor who reacted. */
function scrub({ message, reactions }: Folded, at: string): void {
  Object.assign(message, { body: '', deletedAt: at, attachments: [], mentions: [] });
  delete message.pinnedAt;
  delete message.editedAt;
  delete message.mentionAll;
  delete message.forwardedFrom;
  delete message.previews;
  reactions.clear();
}

function showPreviews(message: Message, previews: LinkPreview[]): void {
  if (previews.length > 0) message.previews = previews;
  else delete message.previews;
}

/** Whatever changes a message comes after it: a message of the window has all of its changes in the window. */
function apply(folded: Map<string, Folded>, entry: Entry): void {
  if (entry.type === 'message') {
    countReply(folded.get(parentOf(entry.data)), 1);
    return;
  }
  if (entry.type === 'member' || entry.type === 'conversation') return;
  const target = folded.get(entry.data.messageId);
  if (target === undefined) return;
  const { message } = target;
  if (entry.type === 'edit') Object.assign(message, { body: entry.data.body, editedAt: entry.at });
  else if (entry.type === 'delete') {
    scrub(target, entry.at);
    countReply(folded.get(parentOf(message)), -1);
  } else if (entry.type === 'reaction') react(target, { actorId: entry.actorId, ...entry.data });
  else if (entry.type === 'preview') showPreviews(message, entry.data.previews);
  else if (entry.type === 'pin' && entry.data.on) message.pinnedAt = entry.at;
  else if (entry.type === 'pin') delete message.pinnedAt;
}

function fold({ conversationId, entries, viewerId }: FoldHistory): Message[] {
  const folded = new Map<string, Folded>();
  for (const entry of entries) {
    apply(folded, entry);
    if (entry.type === 'message') folded.set(entry.id, begin(conversationId, entry));
  }
  return [...folded.values()].map(({ message, reactions }) => ({
    ...message,
    reactions: [...reactions].map(([emoji, users]) => ({ emoji, count: users.size, me: users.has(viewerId) })),
  }));
}

function pick(messages: Message[], { before, after, around, limit }: HistoryRange): Message[] {
  if (after !== undefined) return messages.filter(({ seq }) => seq > after).slice(0, limit);
  if (around === undefined) return messages.filter(({ seq }) => seq < (before ?? Number.MAX_SAFE_INTEGER)).slice(-limit);
  const older = messages.filter(({ seq }) => seq < around);
  return [
    ...older.slice(Math.max(0, older.length - Math.floor(limit / 2))),
    ...messages.filter(({ seq }) => seq >= around).slice(0, Math.ceil(limit / 2)),
  ];
}

/** What is older lies below it. */
function anchorOf({ before = Number.MAX_SAFE_INTEGER, after, around = before }: HistoryRange): number {
  return after === undefined ? around : after + 1;
}

/** What happened between the messages of the page, and from there to where the pages beside it begin. */
function pickNotes({ entries, firstSeq, range }: FoldHistory, { messages, hasBefore, hasAfter }: HistoryPage): Note[] {
  const { after, around, limit } = range;
  const anchor = anchorOf(range);
  const hasOlder = after === undefined && (around === undefined || limit > 1);
  const from = hasOlder ? ((hasBefore ? messages[0]?.seq : undefined) ?? firstSeq) : anchor;
  const hasNewer = after !== undefined || around !== undefined;
  const to = hasNewer ? ((hasAfter ? messages.at(-1)?.seq : undefined) ?? Number.MAX_SAFE_INTEGER) : anchor - 1;
  const isNote = (entry: Entry): entry is Note => entry.type === 'member' || entry.type === 'conversation';
  return entries
    .filter(isNote)
    .filter(({ seq }) => seq >= Math.max(from, firstSeq) && seq <= to)
    .slice(-HISTORY_NOTES);
}

/** The same page as Postgres would give, out of the last entries alone; undefined when they do not reach back far enough. */
export function foldHistory(history: FoldHistory): HistoryPage | undefined {
  const { entries, firstSeq, range } = history;
  const oldest = entries[0]?.seq ?? Number.MAX_SAFE_INTEGER;
  const isWhole = oldest <= firstSeq;
  const messages = fold(history).filter(({ seq }) => seq >= firstSeq);
  const picked = pick(messages, range);
  const from = range.after ?? range.around;
  if (!isWhole && ((from !== undefined && from < oldest) || picked.length === 0)) return undefined;
  const hasBefore = !isWhole || messages.some(({ seq }) => seq < (picked[0]?.seq ?? anchorOf(range)));
  const hasAfter = messages.some(({ seq }) => seq > (picked.at(-1)?.seq ?? anchorOf(range) - 1));
  const page = { messages: picked, hasBefore, hasAfter, asOf: entries.at(-1)?.seq ?? 0 };
  return { ...page, notes: pickNotes(history, page) };
}
