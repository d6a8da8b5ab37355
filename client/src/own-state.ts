import type { Conversation, ConversationMe, Entry } from '@chatcluster/protocol';
import { countsAsUnread, type FoldContext } from './fold.ts';

/**
 * The own state in a conversation (position, counts, settings) reaches a device as pictures: with pages of `changes`, with
 * events, with answers; they overtake each other and the entries. A picture says how new it is (`version`: position and
 * settings) and which entries its counts know (`asOf`), so that the order of arrival does not matter.
 */
export type OwnPicture = ConversationMe & { version: number; asOf: number };

/** Whether a message that was deleted had been unread. Undefined: that cannot be told here. */
export type WasUnread = (messageId: string) => boolean | undefined;

export interface OwnFolded {
  me: OwnPicture;
  /** The counts are a guess: only the server can tell. */
  stale: boolean;
}

/** A server of the release before tells neither number: then what it says is taken for the newest. */
export function toPicture(me: ConversationMe, before: OwnPicture | undefined, lastSeq: number): OwnPicture {
  return { ...me, version: me.version ?? before?.version ?? 0, asOf: me.asOf ?? lastSeq };
}

export function pictureOf({ me, lastSeq }: Pick<Conversation, 'me' | 'lastSeq'>): OwnPicture {
  return toPicture(me, undefined, lastSeq);
}

/** Folds what follows `asOf`. A hole ends it: `asOf` stays before the hole, and whoever looks knows that counts are missing. */
export function foldOwn(context: FoldContext, me: OwnPicture, entries: readonly Entry[], wasUnread: WasUnread): OwnFolded {
  const result = { me, stale: false };
  for (const entry of entries) {
    if (entry.seq <= result.me.asOf) continue;
    if (entry.seq > result.me.asOf + 1) break;
    const next = foldOne(context, result.me, entry, wasUnread);
    result.me = { ...next.me, asOf: entry.seq };
    result.stale ||= next.stale;
  }
  return result;
}

function foldOne(context: FoldContext, me: OwnPicture, entry: Entry, wasUnread: WasUnread): OwnFolded {
  switch (entry.type) {
    case 'message':
      return { me: countsAsUnread(context, entry.actorId) ? counted(context, me, entry) : me, stale: false };
    case 'delete': {
      const unread = wasUnread(entry.data.messageId);
      // Whether it mentioned one is no longer in it.
      const stale = unread === undefined ? me.unread > 0 : unread && me.mentions > 0;
      return { me: unread ? { ...me, unread: Math.max(0, me.unread - 1) } : me, stale };
    }
    case 'member': {
      const { userId, action, role = 'member' } = entry.data;
      return { me: action === 'role' && userId === context.me ? { ...me, role } : me, stale: false };
    }
    default:
      return { me, stale: false };
  }
}

function counted(context: FoldContext, me: OwnPicture, entry: Extract<Entry, { type: 'message' }>): OwnPicture {
  if (entry.seq <= me.readSeq) return me;
  const mentioned = entry.data.mentionAll === true || (entry.data.mentions?.includes(context.me) ?? false);
  return { ...me, unread: me.unread + 1, mentions: me.mentions + (mentioned ? 1 : 0) };
}

/**
 * The newer of two pictures; `next` has just come. Between two of one version (nothing was done meanwhile, only entries came)
 * the one that knows more entries wins.
 */
export function newerPicture(before: OwnPicture, next: OwnPicture): OwnPicture {
  const isNewer = next.version > before.version || (next.version === before.version && next.asOf >= before.asOf);
  const taken = isNewer ? next : before;
  // Only ever moves forward, and without a version.
  const deliveredSeq = before.firstSeq === next.firstSeq ? Math.max(before.deliveredSeq, next.deliveredSeq) : taken.deliveredSeq;
  return { ...taken, deliveredSeq };
}
