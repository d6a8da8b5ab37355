import type { ChangesPage, Conversation, ConversationMe, Entry, SyncPage } from '@chatcluster/protocol';
import { countsAsUnread, type FoldContext } from './fold.ts';
import { countUnread, emptyLog, skipRange, takeEntries, type Log } from './log.ts';
import type { Behind } from './plan-sync.ts';
import { applyReceipt, foldSummary } from './summary.ts';
import { foldWindow, type Window } from './window.ts';

/** One conversation as this device knows it. Replaced as a whole on every change. */
export interface Page {
  readonly conversation: Conversation;
  readonly log: Log;
  /** What is shown in place of the newest stretch, while the reader is somewhere before it. */
  readonly window?: Window | undefined;
  /** `open()` was called: its log is kept complete, also over reconnects. */
  readonly isOpened: boolean;
  readonly isLoading: boolean;
}

export interface BookDeps {
  /** The signed-in user's id. */
  me(): string;
  /** Whom the user has blocked. @default nobody */
  blocked?(): ReadonlySet<string>;
  /** The own read position that the server was not told yet; 0: none. */
  pendingRead(conversationId: string): number;
  changed(conversationId: string): void;
  /** What was held of the conversation's log is void, stored or not. */
  dropped?(conversationId: string): void;
  /** Entries that applied, in order. */
  applied(conversation: Conversation, entries: readonly Entry[]): void;
  /** Entries wait for something that is not here (a gap, an unknown conversation, a counter that cannot be told). */
  missing(kind: 'gap' | 'conversation' | 'counter', conversationId: string): void;
}

/** The logs and summaries of all conversations. Knows nothing of the network. */
export class Book {
  #deps: BookDeps;
  #pages = new Map<string, Page>();
  /** Entries of conversations that are not known yet. */
  #strangers = new Map<string, Entry[]>();

  constructor(deps: BookDeps) {
    this.#deps = deps;
  }

  /** What an earlier run of the app knew; called before anything is learned. Logs come with `restoreLog`. */
  restore(conversations: readonly Conversation[]): void {
    for (const conversation of conversations) {
      if (this.#pages.has(conversation.id)) continue;
      const page = { conversation, log: emptyLog(conversation.lastSeq), isOpened: false, isLoading: false };
      this.#pages.set(conversation.id, page);
    }
  }

  /** Takes the stored log of a conversation and keeps it complete from now on. False: there is a newer one already. */
  restoreLog(conversationId: string, stored: Pick<Log, 'cursor' | 'messages' | 'hasBefore'>): boolean {
    const page = this.#pages.get(conversationId);
    if (page === undefined || page.log.loaded || page.log.recent !== undefined) return false;
    const { cursor, messages, hasBefore } = stored;
    const log = { ...emptyLog(cursor), messages, hasBefore, loaded: true };
    this.#pages.set(conversationId, { ...page, log, isOpened: true });
    this.#deps.changed(conversationId);
    // Another tab is ahead: its entries will not apply here, so the summary has to come from the server.
    if (cursor > page.conversation.lastSeq) this.#deps.missing('counter', conversationId);
    return true;
  }

  get(conversationId: string): Page | undefined {
    return this.#pages.get(conversationId);
  }

  all(): Conversation[] {
    return [...this.#pages.values()].map((page) => page.conversation);
  }

  context(conversationId: string): FoldContext {
    return { conversationId, me: this.#deps.me(), blocked: this.#deps.blocked?.() };
  }

  update(conversationId: string, change: (page: Page) => Page): void {
    const page = this.#pages.get(conversationId);
    const next = page && change(page);
    if (next === undefined || next === page) return;
    this.#pages.set(conversationId, next);
    this.#deps.changed(conversationId);
  }

  /** Entries as they arrive; those of unknown conversations wait for `conversation:added` or `changes`. */
  receive(conversationId: string, entries: readonly Entry[]): void {
    const page = this.#pages.get(conversationId);
    if (page === undefined) {
      const held = this.#strangers.get(conversationId) ?? [];
      this.#strangers.set(conversationId, [...held, ...entries].slice(-1_000));
      this.#deps.missing('conversation', conversationId);
      return;
    }
    const taken = takeEntries(this.context(conversationId), page.log, entries);
    this.#commit(page, taken.log, taken.ready);
    if (taken.log.held.length > 0) this.#deps.missing('gap', conversationId);
  }

  /** The conversation as the server sees it now. An older picture than ours changes nothing. */
  learn(conversation: Conversation): void {
    const page = this.#pages.get(conversation.id);
    if (page === undefined) return this.add(conversation);
    if (conversation.lastSeq < page.conversation.lastSeq) return;
    const keepLog = page.log.loaded || conversation.lastSeq <= page.log.cursor;
    const jump = keepLog ? { log: page.log, ready: [] } : skipRange(this.context(conversation.id), page.log, conversation.lastSeq);
    const next = { ...page, conversation: withMembersOf(conversation, page.conversation) };
    this.#commit(next, jump.log, jump.ready);
    this.readTo(conversation.id, this.#deps.pendingRead(conversation.id));
  }

  /** A conversation that is new here, or that one was added to again: what was held of it is void. */
  add(conversation: Conversation): void {
    const { id, lastSeq } = conversation;
    const isOpened = this.#pages.get(id)?.isOpened ?? false;
    this.#deps.dropped?.(id);
    this.#pages.set(id, { conversation, log: emptyLog(lastSeq), isOpened, isLoading: false });
    this.#deps.changed(id);
    const held = this.#strangers.get(id);
    this.#strangers.delete(id);
    if (held) this.receive(id, held);
  }

  remove(conversationId: string): void {
    this.#strangers.delete(conversationId);
    if (this.#pages.delete(conversationId)) this.#deps.changed(conversationId);
  }

  learnPage(page: ChangesPage): void {
    for (const { conversationId } of page.removed) this.remove(conversationId);
    for (const conversation of page.conversations) this.learn(conversation);
  }

  /** After everything was listed: what was not in the list is gone. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of [...this.#pages.keys()]) if (!ids.has(id)) this.remove(id);
  }

  /** One page of `sync`. Gives the ids whose cursor advanced or whose log was dropped. */
  learnSync(page: SyncPage): string[] {
    const ids = new Set([...Object.keys(page.entries), ...Object.keys(page.limited), ...page.reset]);
    return [...ids].filter((id) => {
      const before = this.#pages.get(id);
      if (before === undefined) return false;
      if (page.reset.includes(id)) this.dropLog(id);
      const limited = page.limited[id];
      if (limited) this.#skip(id, limited.to);
      this.receive(id, page.entries[id] ?? []);
      return this.#pages.get(id)?.log.cursor !== before.log.cursor;
    });
  }

  /** Another epoch: history may have been replaced, so nothing held is worth anything. */
  dropLogs(): void {
    for (const id of this.#pages.keys()) this.dropLog(id);
  }

  /** Starts again at the `lastSeq` of the next `changes`. */
  dropLog(conversationId: string): void {
    this.#deps.dropped?.(conversationId);
    this.update(conversationId, (page) => ({
      ...page,
      conversation: { ...page.conversation, lastSeq: 0 },
      log: emptyLog(0),
      window: undefined,
    }));
  }

  /** Counts again by what the logs hold, as after a block. */
  recount(): void {
    for (const { conversation } of this.#pages.values()) this.setMe(conversation.id, { ...conversation.me });
  }

  clear(): void {
    this.#pages.clear();
    this.#strangers.clear();
  }

  /** What is held locally, for planning. `forced` are gaps: the server has more, whatever the summary says. */
  behind(forced: ReadonlySet<string>): Behind[] {
    const held = [...this.#pages.values()].filter((page) => page.isOpened || forced.has(page.conversation.id));
    return held.map(({ conversation, log }) => ({
      conversationId: conversation.id,
      cursor: log.cursor,
      lastSeq: forced.has(conversation.id) ? undefined : conversation.lastSeq,
      activity: conversation.lastMessage?.at ?? conversation.createdAt,
    }));
  }

  setMe(conversationId: string, me: ConversationMe): void {
    this.update(conversationId, (page) => ({ ...page, conversation: { ...page.conversation, me: this.#recount(page, me) } }));
  }

  /** The own read position moved forward here. */
  readTo(conversationId: string, seq: number): void {
    const me = this.#pages.get(conversationId)?.conversation.me;
    if (me !== undefined && seq > me.readSeq) this.setMe(conversationId, { ...me, readSeq: seq });
  }

  receipt(conversationId: string, userId: string, delivered?: number, read?: number): void {
    this.update(conversationId, (page) => {
      const conversation = applyReceipt(page.conversation, userId, delivered, read);
      return conversation === page.conversation ? page : { ...page, conversation };
    });
  }

  #skip(conversationId: string, to: number): void {
    const page = this.#pages.get(conversationId);
    if (page === undefined) return;
    const { log, ready } = skipRange(this.context(conversationId), page.log, to);
    this.#commit(page, log, ready);
  }

  #commit(page: Page, log: Log, ready: readonly Entry[]): void {
    const id = page.conversation.id;
    const isUnread = (messageId: string) => tellUnread(page, messageId, this.context(id));
    const { conversation, stale } = foldSummary(this.context(id), page.conversation, ready, isUnread);
    const window = page.window && foldWindow(this.context(id), page.window, ready);
    this.#pages.set(id, { ...page, conversation, log, window });
    this.#deps.changed(id);
    if (ready.length > 0) this.#deps.applied(conversation, ready);
    if (stale) this.#deps.missing('counter', id);
  }

  /** The log knows better than an event that was computed a moment ago, where it reaches back far enough. */
  #recount(page: Page, me: ConversationMe): ConversationMe {
    const counted = countUnread(this.context(page.conversation.id), page.log, me.readSeq);
    if (counted !== undefined && page.log.cursor >= page.conversation.lastSeq) return { ...me, ...counted };
    return me.readSeq >= page.conversation.lastSeq ? { ...me, unread: 0, mentions: 0 } : me;
  }
}

/** `changes` may leave members out of a large conversation; what is known is kept. */
function withMembersOf(next: Conversation, before: Conversation): Conversation {
  return next.members === undefined && before.members !== undefined && next.memberCount <= 100
    ? { ...next, members: before.members }
    : next;
}

function tellUnread(page: Page, messageId: string, context: FoldContext): boolean | undefined {
  const { log, conversation } = page;
  const last = conversation.lastMessage;
  const message = log.messages.find((m) => m.id === messageId) ?? (last?.id === messageId ? last : undefined);
  if (message === undefined) return conversation.me.unread === 0 ? false : undefined;
  return message.seq > conversation.me.readSeq && countsAsUnread(context, message.actorId) && !message.deletedAt;
}
