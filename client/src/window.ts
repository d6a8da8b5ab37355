import type { Entry, HistoryPage, Note } from '@chatcluster/protocol';
import { foldEntries, foldNotes, type FoldContext, type LogMessage } from './fold.ts';
import type { Log } from './log.ts';

/**
 * A stretch of history away from the newest one: where a link, a reply or the first unread message leads. It grows in both
 * directions; when it reaches the newest stretch the two become one and the window is gone.
 */
export interface Window {
  /** Ascending by `seq`, never empty. */
  readonly messages: readonly LogMessage[];
  readonly notes: readonly Note[];
  readonly hasBefore: boolean;
}

/** What is on the screen: the newest stretch, or a window before it. */
export interface View {
  readonly log: Log;
  readonly window?: Window | undefined;
}

/** Whether what is loaded contains the place of `seq`, and which of the two. */
export function findSeq({ log, window }: View, seq: number): 'log' | 'window' | undefined {
  const first = log.messages[0]?.seq;
  if (log.loaded && (!log.hasBefore || (first !== undefined && first <= seq))) return 'log';
  if (window === undefined) return undefined;
  const [from, to] = [window.messages[0]?.seq ?? 0, window.messages.at(-1)?.seq ?? 0];
  return (from <= seq || !window.hasBefore) && seq <= to ? 'window' : undefined;
}

/** Entries that apply: edits and the like change what is shown; new messages belong to the newest stretch. */
export function foldWindow(context: FoldContext, window: Window, entries: readonly Entry[]): Window {
  const last = window.messages.at(-1)?.seq ?? 0;
  const messages = foldEntries(context, window.messages, entries).filter((message) => message.seq <= last);
  const isSame = messages.length === window.messages.length && messages.every((message, i) => message === window.messages[i]);
  return isSame ? window : { ...window, messages };
}

/** The page around a place becomes the window, in place of an earlier one. Nothing there: the newest stretch is shown. */
export function placeWindow(context: FoldContext, log: Log, page: HistoryPage): View {
  const messages = foldPage(context, log, page);
  if (messages.length === 0) return { log, window: undefined };
  return meet({ log, window: { messages, notes: page.notes ?? [], hasBefore: page.hasBefore } }, page.hasAfter);
}

/** A page of older messages in front of the window. */
export function extendBefore(context: FoldContext, { log, window }: View, page: HistoryPage): View {
  if (window === undefined) return { log, window };
  const edge = window.messages[0]?.seq ?? 0;
  const older = foldPage(context, log, page).filter((message) => message.seq < edge);
  const notes = foldNotes(window.notes, page.notes ?? []);
  return { log, window: { messages: [...older, ...window.messages], notes, hasBefore: page.hasBefore } };
}

/** A page of newer messages behind the window. */
export function extendAfter(context: FoldContext, { log, window }: View, page: HistoryPage): View {
  if (window === undefined) return { log, window };
  const edge = window.messages.at(-1)?.seq ?? 0;
  const newer = foldPage(context, log, page).filter((message) => message.seq > edge);
  const notes = foldNotes(window.notes, page.notes ?? []);
  return meet({ log, window: { ...window, messages: [...window.messages, ...newer], notes } }, page.hasAfter);
}

/** What was applied since the page was asked for is folded over it. */
function foldPage(context: FoldContext, log: Log, page: HistoryPage): readonly LogMessage[] {
  const later = (log.recent ?? []).filter((entry) => entry.seq > (page.asOf ?? 0));
  const last = page.messages.at(-1)?.seq ?? 0;
  return foldEntries(context, page.messages, later).filter((message) => message.seq <= last);
}

/** One stretch from the window to the newest message, when they touch. */
function meet({ log, window }: { log: Log; window: Window }, hasAfter: boolean): View {
  const edge = log.messages[0]?.seq ?? Number.POSITIVE_INFINITY;
  if (hasAfter && (window.messages.at(-1)?.seq ?? 0) < edge) return { log, window };
  const older = window.messages.filter((message) => message.seq < edge);
  const notes = foldNotes(window.notes, log.notes);
  return { log: { ...log, messages: [...older, ...log.messages], notes, hasBefore: window.hasBefore }, window: undefined };
}
