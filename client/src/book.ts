import type { ChangesPage, Conversation, ConversationMe, Entry, SyncPage } from '@chatcluster/protocol';
import type { FoldContext } from './fold.ts';
import { countUnread, emptyLog, skipRange, takeEntries, type Log } from './log.ts';
import { foldOwn, newerPicture, toPicture, type OwnPicture } from './own-state.ts';
import { emptyPage, followTail, tellUnread, trimPage, voidPage, withMembersOf, type Page } from './page.ts';
import type { Behind } from './plan-sync.ts';
import { applyReceipt, foldSummary, furthestReceipts } from './summary.ts';
import { foldWindow } from './window.ts';

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
  /** Messages up to this number were removed by age. */
  trimmed?(conversationId: string, upTo: number): void;
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
      if (!this.#pages.has(conversation.id)) this.#pages.set(conversation.id, this.#show(emptyPage(conversation)));
    }
  }

  /** Takes the stored log of a conversation and keeps it complete from now on. False: there is a newer one already. */
  restoreLog(conversationId: string, stored: Pick<Log, 'cursor' | 'messages' | 'notes' | 'hasBefore'>): boolean {
    const page = this.#pages.get(conversationId);
    if (page === undefined || page.log.loaded || page.log.recent !== undefined) return false;
    const { cursor, messages, notes, hasBefore } = stored;
    const log = { ...emptyLog(cursor), messages, notes, hasBefore, loaded: true };
    this.#pages.set(conversationId, trimPage({ ...page, log, isOpened: true }, page.conversation.trimmedSeq ?? 0));
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

  /** The conversation as the server saw it: now, or before entries and events that are here already. */
  learn(conversation: Conversation): void {
    const page = this.#pages.get(conversation.id);
    if (page === undefined) return this.add(conversation);
    const { trimmedSeq = 0, lastSeq } = conversation;
    const before = page.conversation.trimmedSeq ?? 0;
    const trimmed = trimmedSeq > before ? trimPage(page, trimmedSeq) : page;
    // Of before the trimming: what it counts is gone.
    const own = trimmedSeq < before ? {} : this.#newerOwn(trimmed, toPicture(conversation.me, trimmed.told, lastSeq));
    if (trimmedSeq > before) this.#deps.trimmed?.(conversation.id, trimmedSeq);
    if (lastSeq < page.conversation.lastSeq) this.#learnOlder({ ...trimmed, ...own }, conversation);
    else this.#learnNewer({ ...trimmed, ...own }, conversation);
  }

  #learnNewer(page: Page, conversation: Conversation): void {
    const { id, lastSeq } = conversation;
    const keepLog = page.log.loaded || lastSeq <= page.log.cursor;
    const jump = keepLog ? { log: page.log, ready: [] } : skipRange(this.context(id), page.log, lastSeq);
    this.#commit({ ...page, conversation: withMembersOf(conversation, page.conversation) }, jump.log, jump.ready);
  }

  /** Entries have told everything else since. */
  #learnOlder(page: Page, { members: theirs, trimmedSeq = 0 }: Conversation): void {
    const before = page.conversation;
    const members = furthestReceipts(before.members, theirs);
    const trimmed = trimmedSeq > (before.trimmedSeq ?? 0) ? { trimmedSeq } : {};
    this.#commit({ ...page, conversation: { ...before, ...trimmed, ...(members && { members }) } }, page.log, []);
  }

  /** The own state as it is told, now or before what is known already. */
  learnMe(conversationId: string, me: ConversationMe): void {
    const page = this.#pages.get(conversationId);
    if (page === undefined) return;
    const picture = toPicture(me, page.told, page.conversation.lastSeq);
    this.#commit({ ...page, ...this.#newerOwn(page, picture) }, page.log, []);
  }

  #newerOwn(page: Page, picture: OwnPicture): Pick<Page, 'told' | 'isGuess'> {
    const context = this.context(page.conversation.id);
    const { me, stale } = foldOwn(context, picture, page.tail, (id) => tellUnread({ ...page, told: picture }, id, context));
    const told = newerPicture(page.told, me);
    const isTaken = told.version === me.version && told.asOf === me.asOf;
    return { told, isGuess: isTaken ? stale : page.isGuess };
  }

  /** A conversation that is new here, or that one was added to again: what was held of it is void. */
  add(conversation: Conversation): void {
    const { id } = conversation;
    const isOpened = this.#pages.get(id)?.isOpened ?? false;
    this.#deps.dropped?.(id);
    this.#pages.set(id, { ...emptyPage(conversation), isOpened });
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
    this.update(conversationId, voidPage);
  }

  /** Counts again by what the logs hold, as after a block. */
  recount(): void {
    for (const id of this.#pages.keys()) this.readMoved(id);
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

  /** What was read here, and not told yet, is more, or is told now. */
  readMoved(conversationId: string): void {
    this.update(conversationId, (page) => this.#show(page));
  }

  receipt(conversationId: string, userId: string, delivered?: number, read?: number): void {
    this.update(conversationId, (page) => {
      const conversation = applyReceipt(page.conversation, userId, delivered, read);
      const deliveredSeq = userId === this.#deps.me() ? Math.max(delivered ?? 0, read ?? 0) : 0;
      if (deliveredSeq > page.told.deliveredSeq) return this.#show({ ...page, conversation, told: { ...page.told, deliveredSeq } });
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
    const context = this.context(id);
    const conversation = foldSummary(context, page.conversation, ready);
    const { me: told, stale } = foldOwn(context, page.told, ready, (messageId) => tellUnread(page, messageId, context));
    const window = page.window && foldWindow(context, page.window, ready);
    const folded = { ...page, conversation, told, log, window, tail: followTail(page.tail, ready), isGuess: page.isGuess || stale };
    const next = this.#show(this.#settle(folded));
    this.#pages.set(id, next);
    this.#deps.changed(id);
    if (ready.length > 0) this.#deps.applied(next.conversation, ready);
    // The counts end before a hole, as after a range that `sync` left out.
    const isBehind = log.cursor >= conversation.lastSeq && next.told.asOf < conversation.lastSeq;
    if (next.isGuess || isBehind) this.#deps.missing('counter', id);
  }

  /** What cannot be told from entries, the log may tell. */
  #settle(page: Page): Page {
    const counted = page.isGuess ? this.#count(page, page.told) : undefined;
    return counted === undefined ? page : { ...page, told: counted, isGuess: false };
  }

  /** The own state with what was read here; the log knows better than the server's count, where it reaches back far enough. */
  #show(page: Page): Page {
    const { told, conversation } = page;
    const read = this.#deps.pendingRead(conversation.id);
    const isRead = read >= told.asOf ? { unread: 0, mentions: 0 } : {};
    const ahead = read > told.readSeq ? { ...told, readSeq: read, ...isRead } : told;
    return { ...page, conversation: { ...conversation, me: this.#count(page, ahead) ?? ahead } };
  }

  /** Undefined: the log does not reach back, or not up to now. */
  #count({ log, conversation }: Page, me: OwnPicture): OwnPicture | undefined {
    const counted = log.cursor < conversation.lastSeq ? undefined : countUnread(this.context(conversation.id), log, me.readSeq);
    return counted && { ...me, ...counted, asOf: log.cursor };
  }
}
