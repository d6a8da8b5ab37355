import type { Entry, HistoryPage, Note } from '@chatcluster/protocol';
import { applyRule, skipTo, type Inbox } from './apply.ts';
import { countsAsUnread, foldEntries, foldNotes, type FoldContext, type LogMessage } from './fold.ts';

/**
 * What is held of one conversation: the newest contiguous stretch of messages, and the inbox of entries.
 *
 * | opened | messages | entries that apply |
 * |---|---|---|
 * | no | none | move the cursor only |
 * | opening | none | move the cursor and are kept in `recent`, because the page on its way may not contain them |
 * | yes | from the oldest loaded up to the cursor | are folded in |
 *
 * A page of history asked for at cursor c holds everything up to c at least (read your reads), so the entries applied
 * since then are folded over it. `asOf` of the page says exactly up to where it is folded.
 */
export interface Log extends Inbox<Entry> {
  readonly messages: readonly LogMessage[];
  /** What happened between and around these messages, as far as the stretch reaches. */
  readonly notes: readonly Note[];
  readonly loaded: boolean;
  readonly hasBefore: boolean;
  /** Entries applied since the oldest page request that is still open; undefined: none is open. */
  readonly recent: readonly Entry[] | undefined;
}

export function emptyLog(cursor: number): Log {
  return { cursor, held: [], messages: [], notes: [], loaded: false, hasBefore: true, recent: undefined };
}

/** Takes entries in any order; `ready` are those that applied now. */
export function takeEntries(context: FoldContext, log: Log, arrived: readonly Entry[]): { log: Log; ready: readonly Entry[] } {
  const { cursor, held, ready } = applyRule(log, arrived);
  return { log: advance(context, { ...log, held }, cursor, ready), ready };
}

function advance(context: FoldContext, log: Log, cursor: number, ready: readonly Entry[]): Log {
  const messages = log.loaded ? foldEntries(context, log.messages, ready) : log.messages;
  const notes = log.loaded ? foldNotes(log.notes, ready) : log.notes;
  const recent = log.recent === undefined ? undefined : [...log.recent, ...ready];
  return { ...log, cursor, messages, notes, recent };
}

/** `sync` left a range out: the stretch now starts behind it; what was above is loaded again by scrolling. */
export function skipRange(context: FoldContext, log: Log, to: number): { log: Log; ready: readonly Entry[] } {
  if (to <= log.cursor) return { log, ready: [] };
  const { cursor, held, ready } = skipTo(log, to);
  const cut = { ...log, held, messages: [], notes: [], hasBefore: true, recent: undefined };
  return { log: advance(context, cut, cursor, ready), ready };
}

export function beginPage(log: Log): Log {
  return log.recent === undefined ? { ...log, recent: [] } : log;
}

/** Ends the request without a page. */
export function abandonPage(log: Log): Log {
  return { ...log, recent: undefined };
}

/**
 * Puts a page in front of what is loaded. Messages that are there already stay as they are: they are at least as new.
 * A page that was asked for before the log was cut by `skipRange` is void: it would leave a hole.
 */
export function addPage(context: FoldContext, log: Log, page: HistoryPage): Log {
  if (log.recent === undefined) return log;
  const later = log.recent.filter((entry) => entry.seq > (page.asOf ?? 0));
  const known = new Set(log.messages.map((m) => m.id));
  const edge = log.messages[0]?.seq ?? Number.POSITIVE_INFINITY;
  const older = page.messages.filter((m) => !known.has(m.id) && m.seq < edge);
  const folded = foldEntries(context, older, later);
  const fresh = folded.filter((m) => !known.has(m.id));
  const notes = foldNotes(log.notes, [...(page.notes ?? []), ...later]);
  return { ...log, messages: [...fresh, ...log.messages], notes, loaded: true, hasBefore: page.hasBefore, recent: undefined };
}

/** How many messages of others after `readSeq` are unread; undefined when the log does not reach back that far. */
export function countUnread(context: FoldContext, log: Log, readSeq: number): { unread: number; mentions: number } | undefined {
  const first = log.messages[0]?.seq;
  const covers = log.loaded && (!log.hasBefore || (first !== undefined && first <= readSeq + 1));
  if (!covers) return undefined;
  const after = log.messages.slice(log.messages.findLastIndex((m) => m.seq <= readSeq) + 1);
  const unread = after.filter((m) => countsAsUnread(context, m.actorId) && !m.deletedAt);
  return { unread: unread.length, mentions: unread.filter((m) => m.mentionAll === true || m.mentions.includes(context.me)).length };
}
