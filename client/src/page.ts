import type { Conversation, Entry } from '@chatcluster/protocol';
import { countsAsUnread, type FoldContext, type LogMessage } from './fold.ts';
import { emptyLog, type Log } from './log.ts';
import { pictureOf, type OwnPicture } from './own-state.ts';
import { furthestReceipts } from './summary.ts';
import type { Window } from './window.ts';

/** One conversation as this device knows it. Replaced as a whole on every change. */
export interface Page {
  /** `me` is shown: what was read here counts before the server knows. */
  readonly conversation: Conversation;
  /** The own state as the server told it, with the entries since. */
  readonly told: OwnPicture;
  /** The counts of `told` are a guess until the server has told them. */
  readonly isGuess: boolean;
  readonly log: Log;
  /** The last entries that applied: folded over whatever picture of the conversation comes late. */
  readonly tail: readonly Entry[];
  /** What is shown in place of the newest stretch, while the reader is somewhere before it. */
  readonly window?: Window | undefined;
  /** `open()` was called: its log is kept complete, also over reconnects. */
  readonly isOpened: boolean;
  readonly isLoading: boolean;
}

/** More entries than come while an answer is on its way. */
const TAIL = 200;

export function emptyPage(conversation: Conversation): Page {
  const told = pictureOf(conversation);
  const log = emptyLog(conversation.lastSeq);
  return { conversation, told, isGuess: false, log, tail: [], isOpened: false, isLoading: false };
}

/** Starts again at the next picture, whichever it is. */
export function voidPage(page: Page): Page {
  const told = { ...page.told, version: 0, asOf: 0 };
  return { ...page, told, conversation: { ...page.conversation, lastSeq: 0 }, log: emptyLog(0), tail: [], window: undefined };
}

export function followTail(tail: readonly Entry[], ready: readonly Entry[]): readonly Entry[] {
  const first = ready[0];
  if (first === undefined) return tail;
  return tail.at(-1)?.seq === first.seq - 1 ? [...tail, ...ready].slice(-TAIL) : ready.slice(-TAIL);
}

/** `changes` may leave members out of a large conversation; what is known is kept. */
export function withMembersOf(next: Conversation, before: Conversation): Conversation {
  const isLeftOut = next.members === undefined && next.memberCount <= 100;
  const members = isLeftOut ? before.members : furthestReceipts(next.members, before.members);
  return members === undefined ? next : { ...next, members };
}

/** Also of a message that is deleted here already: the picture that is folded over may be from before. */
export function tellUnread({ log, conversation, tail, told }: Page, messageId: string, context: FoldContext): boolean | undefined {
  const last = conversation.lastMessage;
  const message =
    log.messages.find((m) => m.id === messageId) ??
    tail.find((entry) => entry.type === 'message' && entry.id === messageId) ??
    (last?.id === messageId ? last : undefined);
  if (message === undefined) return told.unread === 0 ? false : undefined;
  return message.seq > told.readSeq && countsAsUnread(context, message.actorId);
}

/** What the server has removed by age goes here, too. */
export function trimPage(page: Page, upTo: number): Page {
  const isKept = ({ seq }: Pick<LogMessage, 'seq'>) => seq > upTo;
  const { log, window, conversation } = page;
  const { lastMessage, ...rest } = conversation;
  const messages = log.messages.filter(isKept);
  const notes = log.notes.filter(isKept);
  const shown = window?.messages.filter(isKept) ?? [];
  return {
    ...page,
    conversation: lastMessage === undefined || isKept(lastMessage) ? conversation : rest,
    log: messages.length === log.messages.length && notes.length === log.notes.length ? log : { ...log, messages, notes, hasBefore: false },
    window: window && shown.length > 0 ? { ...window, messages: shown, notes: window.notes.filter(isKept) } : undefined,
  };
}
