import type { Entry } from '@chatcluster/protocol';
import { foldEntry, messageOfEntry, parentOf, type FoldContext, type LogMessage } from './fold.ts';

/** A message of a panel and the last seq that is folded into it: pages of different moments stand side by side. */
export interface PanelItem {
  readonly message: LogMessage;
  readonly asOf: number;
}

export interface PanelKind extends FoldContext {
  /** The message whose answers are held; undefined: what is pinned is. */
  readonly rootId: string | undefined;
}

/** The log of the conversation, folded up to its cursor. */
export type FoldedLog = Readonly<{ messages: readonly LogMessage[]; cursor: number }>;

/** `unknown`: the entry is about something that is not here and may belong here, so the list must be read again. */
export type Folded = { readonly items: readonly PanelItem[] } | 'unknown';

/** Folds one entry into a panel. Entries that an item contains already pass over it. */
export function foldPanel(kind: PanelKind, items: readonly PanelItem[], entry: Entry, log: FoldedLog): Folded {
  const touched = items.map((item) => foldItem(kind, items, item, entry));
  return kind.rootId === undefined ? foldPins(touched, entry, log) : foldReplies(kind, touched, entry);
}

function foldItem(kind: PanelKind, items: readonly PanelItem[], item: PanelItem, entry: Entry): PanelItem {
  if (entry.seq <= item.asOf) return item;
  const by = replyCountChange(items, item.message.id, entry);
  const { replyCount = 0, ...rest } = item.message;
  const counted = by === 0 ? item.message : replyCount + by > 0 ? { ...rest, replyCount: replyCount + by } : rest;
  const [message = counted] = entry.type === 'message' ? [] : foldEntry(kind, [counted], entry);
  return { message, asOf: entry.seq };
}

function replyCountChange(items: readonly PanelItem[], id: string, entry: Entry): number {
  if (entry.type === 'message') return parentOf(entry.data) === id ? 1 : 0;
  if (entry.type !== 'delete') return 0;
  const deleted = items.find(({ message }) => message.id === entry.data.messageId)?.message;
  return deleted !== undefined && parentOf(deleted) === id ? -1 : 0;
}

function foldReplies(kind: PanelKind, items: readonly PanelItem[], entry: Entry): Folded {
  if (entry.type === 'delete') return items.some(({ message }) => message.id === entry.data.messageId) ? { items } : 'unknown';
  if (entry.type !== 'message' || parentOf(entry.data) !== kind.rootId) return { items };
  if (items.some(({ message }) => message.id === entry.id)) return { items };
  return { items: sortBySeq([...items, { message: messageOfEntry(kind, entry), asOf: entry.seq }]) };
}

function foldPins(items: readonly PanelItem[], entry: Entry, log: FoldedLog): Folded {
  const pinned = items.filter(({ message }) => message.pinnedAt !== undefined);
  if (entry.type !== 'pin' || !entry.data.on) return { items: pinned };
  if (pinned.some(({ message }) => message.id === entry.data.messageId)) return { items: sortByPin(pinned) };
  const found = log.messages.find((message) => message.id === entry.data.messageId);
  if (found === undefined) return 'unknown';
  // The log is ahead of this entry when several came at once.
  return { items: found.pinnedAt === undefined ? pinned : sortByPin([...pinned, { message: found, asOf: log.cursor }]) };
}

export function sortBySeq(items: readonly PanelItem[]): PanelItem[] {
  return items.toSorted((a, b) => a.message.seq - b.message.seq);
}

function sortByPin(items: readonly PanelItem[]): PanelItem[] {
  const key = ({ message }: PanelItem) => message.pinnedAt ?? '';
  return items.toSorted((a, b) => (key(a) === key(b) ? b.message.seq - a.message.seq : key(a) < key(b) ? 1 : -1));
}
