import type { ChatMessage, PendingMessage } from '@chatcluster/client/types';
import type { Attachment, LinkPreview, Note, Reaction } from '@chatcluster/protocol';
import { joinLines, linesOf, type NoteLine } from './notes.ts';

/** How far an own message has come; absent on the messages of others. */
export type OwnState = 'queued' | 'sending' | 'sent' | 'delivered' | 'read' | 'failed';

/** One message as the list shows it, whether the server has it or not. */
export interface MessageView {
  /** Stays the same when a pending message becomes a stored one, so that its row is not replaced. */
  key: string;
  id?: string;
  seq?: number;
  clientMsgId?: string;
  actorId: string;
  at: string;
  body: string;
  own: boolean;
  state?: OwnState;
  edited: boolean;
  deleted: boolean;
  pinned: boolean;
  replyTo?: string;
  threadRoot?: string;
  replyCount: number;
  isForwarded: boolean;
  mentions: readonly string[];
  mentionAll: boolean;
  attachments: readonly Attachment[];
  reactions: readonly Reaction[];
  previews: readonly LinkPreview[];
  error?: string;
}

export type Row =
  | { kind: 'start'; key: string }
  | { kind: 'day'; key: string; at: string }
  | { kind: 'new'; key: string }
  | { kind: 'note'; key: string; line: NoteLine }
  | { kind: 'message'; key: string; message: MessageView; first: boolean };

export interface RowsInput {
  messages: readonly ChatMessage[];
  /** What happened between them. */
  notes: readonly Note[];
  pending: readonly PendingMessage[];
  meId: string;
  hasBefore: boolean;
  /** Messages of others above this seq are new; undefined: no divider. */
  newAfterSeq?: number;
  /** Whom the reader has blocked: what they wrote is never new. @default nobody */
  blocked?: ReadonlySet<string>;
}

/** Consecutive messages of one sender share an avatar within this time. */
const GROUP_MS = 5 * 60_000;
const NO_PREVIEWS: readonly LinkPreview[] = [];

function storedView(message: ChatMessage, meId: string): MessageView {
  const own = message.actorId === meId;
  return {
    key: (own && message.clientMsgId) || message.id,
    id: message.id,
    seq: message.seq,
    clientMsgId: message.clientMsgId,
    actorId: message.actorId,
    at: message.at,
    body: message.body,
    own,
    state: own ? (message.delivery ?? 'sent') : undefined,
    edited: message.editedAt !== undefined,
    deleted: message.deletedAt !== undefined,
    pinned: message.pinnedAt !== undefined,
    replyTo: message.replyTo,
    threadRoot: message.threadRoot,
    replyCount: message.replyCount ?? 0,
    isForwarded: message.forwardedFrom !== undefined,
    mentions: message.mentions,
    mentionAll: message.mentionAll ?? false,
    attachments: message.attachments,
    reactions: message.reactions,
    // A moment after an edit there may still be those of a link that is gone.
    previews: message.previews?.filter(({ url }) => message.body.includes(url)) ?? NO_PREVIEWS,
  };
}

/** For lists beside the conversation, such as a thread. */
export function viewsOf(messages: readonly ChatMessage[], pending: readonly PendingMessage[], meId: string): MessageView[] {
  return [...messages.map((message) => rememberedView(message, meId)), ...pending.map((one) => pendingView(one, meId))];
}

function pendingView(pending: PendingMessage, meId: string): MessageView {
  return {
    key: pending.clientMsgId,
    id: pending.messageId,
    clientMsgId: pending.clientMsgId,
    actorId: meId,
    at: pending.createdAt,
    body: pending.body,
    own: true,
    state: pending.state,
    edited: false,
    deleted: false,
    pinned: false,
    replyTo: pending.replyTo,
    threadRoot: pending.threadRoot,
    replyCount: 0,
    isForwarded: pending.forward !== undefined,
    mentions: pending.mentions ?? [],
    mentionAll: pending.mentionAll ?? false,
    attachments: [],
    reactions: [],
    previews: NO_PREVIEWS,
    error: pending.error?.message,
  };
}

/** The day of a moment on this device's calendar. */
export function dayKey(at: string): string {
  const d = new Date(at);
  return `${d.getFullYear()}-${d.getMonth() + 1}-${d.getDate()}`;
}

/**
 * Views are remembered per stored message: the SDK keeps the identity of unchanged messages, so unchanged rows keep
 * theirs and React skips them.
 */
const views = new WeakMap<ChatMessage, { meId: string; view: MessageView }>();
/** Reading a date costs more than all else of a row, and the rows of 10,000 messages are planned anew with each page. */
const moments = new WeakMap<Timed, Moment>();

interface Timed {
  at: string;
}

interface Moment {
  day: string;
  ms: number;
}

function momentOf(row: Timed): Moment {
  const known = moments.get(row);
  if (known) return known;
  const moment = { day: dayKey(row.at), ms: Date.parse(row.at) };
  moments.set(row, moment);
  return moment;
}

function rememberedView(message: ChatMessage, meId: string): MessageView {
  const known = views.get(message);
  if (known?.meId === meId) return known.view;
  const view = storedView(message, meId);
  views.set(message, { meId, view });
  return view;
}

/** The rows of a conversation: day separators, the "New" line, messages in groups, and what happened between them. */
export function planRows(input: RowsInput): Row[] {
  const rows: Row[] = [];
  if (!input.hasBefore) rows.push({ kind: 'start', key: 'start' });
  const all = viewsOf(input.messages, input.pending, input.meId);
  const days = createDays(rows, input.hasBefore);
  let previous: MessageView | undefined;
  let isNewShown = input.newAfterSeq === undefined;
  let noted = 0;
  const noteUpTo = (seq: number) => {
    for (let note = input.notes[noted]; note && note.seq < seq; note = input.notes[noted]) {
      for (const line of linesOf(note)) addLine(rows, days, line);
      noted += 1;
    }
  };
  for (const message of all) {
    noteUpTo(message.seq ?? Number.POSITIVE_INFINITY);
    const isNewDay = days(message);
    const isNew = !message.own && !input.blocked?.has(message.actorId) && (message.seq ?? 0) > (input.newAfterSeq ?? 0);
    // What one had read must be here too: else the first new message may be further up, not loaded yet.
    const startsNew = isNew && !isNewShown && (previous !== undefined || !input.hasBefore || message.seq === (input.newAfterSeq ?? 0) + 1);
    if (startsNew) rows.push({ kind: 'new', key: 'new' });
    isNewShown ||= isNew;
    const first = isNewDay || startsNew || !previous || rows.at(-1)?.kind === 'note' || !isGrouped(previous, message);
    rows.push({ kind: 'message', key: message.key, message, first });
    previous = message;
  }
  noteUpTo(Number.POSITIVE_INFINITY);
  return rows;
}

/**
 * Puts a separator before the first row of each day, and says whether it begins one. Not over the first row of all while older ones are
 * not loaded: the day may have begun before it. And a separator that is still the first row when they come would keep its place in
 * the list in front of a reader who is there, and all that is read would go.
 */
function createDays(rows: Row[], hasBefore: boolean): (row: Timed) => boolean {
  let shown: string | undefined;
  return (row) => {
    const { day } = momentOf(row);
    if (day === shown) return false;
    shown = day;
    if (rows.length > 0 || !hasBefore) rows.push({ kind: 'day', key: `day-${day}`, at: row.at });
    return true;
  };
}

/** Several in a row that say the same of different people are one. */
function addLine(rows: Row[], days: (row: Timed) => boolean, line: NoteLine): void {
  days(line);
  const before = rows.at(-1);
  const joined = before?.kind === 'note' ? joinLines(before.line, line) : undefined;
  if (joined) rows[rows.length - 1] = { kind: 'note', key: joined.key, line: joined };
  else rows.push({ kind: 'note', key: line.key, line });
}

function isGrouped(previous: MessageView, message: MessageView): boolean {
  if (previous.actorId !== message.actorId || message.replyTo !== undefined || message.threadRoot !== undefined) return false;
  const apart = momentOf(message).ms - momentOf(previous).ms;
  return Math.abs(apart) < GROUP_MS;
}

/** How many messages of others lie above `seq`: the number on the pill. */
export function countNewer({ messages, meId, blocked }: Pick<RowsInput, 'messages' | 'meId' | 'blocked'>, seq: number): number {
  let count = 0;
  for (let i = messages.length - 1; i >= 0; i--) {
    const message = messages[i];
    if (!message || message.seq <= seq) break;
    if (message.actorId !== meId && !blocked?.has(message.actorId) && message.deletedAt === undefined) count++;
  }
  return count;
}
