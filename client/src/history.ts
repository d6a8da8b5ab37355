import type { EventInput, HistoryPage } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import type { Book } from './book.ts';
import { trimPage, type Page } from './page.ts';
import { abandonPage, addPage, beginPage } from './log.ts';
import { extendAfter, extendBefore, findSeq, placeWindow, type Window } from './window.ts';

const PAGE = 50;
/** Both sides of the place that one is taken to. */
const PAGE_AROUND = 100;

/** `window`: the page belongs to the window as it is now, not to the newest stretch. */
type Query = Pick<EventInput<'history'>, 'before' | 'after' | 'around'> & { window?: Window };

export interface HistoryDeps {
  book: Book;
  /** Waits for the connection. */
  call(payload: EventInput<'history'>): Promise<HistoryPage>;
}

/** Loads pages of history, one request per conversation at a time. */
export class History {
  #deps: HistoryDeps;
  #open = new Map<string, Promise<void>>();

  constructor(deps: HistoryDeps) {
    this.#deps = deps;
  }

  /** The newest page, unless it is there. */
  async newest(conversationId: string): Promise<void> {
    this.#deps.book.update(conversationId, (page) => (page.isOpened ? page : { ...page, isOpened: true }));
    while (this.#deps.book.get(conversationId)?.log.loaded === false) await this.#load(conversationId, {});
  }

  async older(conversationId: string): Promise<void> {
    const page = this.#deps.book.get(conversationId);
    const shown = page?.window ?? page?.log;
    if (page === undefined || (page.log.loaded && shown?.hasBefore === false)) return;
    if (!page.isOpened || !page.log.loaded) return this.newest(conversationId);
    await this.#load(conversationId, { before: shown?.messages[0]?.seq ?? page.log.cursor + 1, window: page.window });
  }

  /** Nothing to do unless the reader is in a window. */
  async newer(conversationId: string): Promise<void> {
    const window = this.#deps.book.get(conversationId)?.window;
    if (window) await this.#load(conversationId, { after: window.messages.at(-1)?.seq ?? 0, window });
  }

  /** Shows the place of `seq`: in the newest stretch, in the window, or in a new window. */
  async around(conversationId: string, seq: number): Promise<void> {
    const where = () => {
      const page = this.#deps.book.get(conversationId);
      return page && findSeq(page, seq);
    };
    // Another page may be on its way, and may contain it.
    while (where() === undefined && this.#open.has(conversationId)) await this.#open.get(conversationId)?.catch(() => undefined);
    if (where() === undefined) await this.#load(conversationId, { around: seq });
    else if (where() === 'log') this.leaveWindow(conversationId);
  }

  leaveWindow(conversationId: string): void {
    this.#deps.book.update(conversationId, (page) => (page.window === undefined ? page : { ...page, window: undefined }));
  }

  /** Opened conversations whose log was dropped. */
  async reopen(): Promise<void> {
    const ids = this.#deps.book.all().map((c) => c.id);
    await Promise.all(ids.filter((id) => this.#deps.book.get(id)?.isOpened).map((id) => this.#tryNewest(id)));
  }

  /** One conversation that cannot be read must not keep the others from catching up. */
  async #tryNewest(conversationId: string): Promise<void> {
    try {
      await this.newest(conversationId);
    } catch (error) {
      if (error instanceof ChatError && error.retryable) throw error;
    }
  }

  #load(conversationId: string, query: Query): Promise<void> {
    const open = this.#open.get(conversationId);
    if (open) return open;
    const request = this.#request(conversationId, query).finally(() => this.#open.delete(conversationId));
    this.#open.set(conversationId, request);
    return request;
  }

  async #request(id: string, { window, ...query }: Query): Promise<void> {
    const { book } = this.#deps;
    book.update(id, (page) => ({ ...page, isLoading: true, log: beginPage(page.log) }));
    if (book.get(id) === undefined) throw new ChatError('not_found');
    try {
      const limit = query.around === undefined ? PAGE : PAGE_AROUND;
      const answer = await this.#deps.call({ conversationId: id, limit, ...query });
      // It may be from before a trimming that is known already.
      const trimmed = (now: Page) => trimPage(now, now.conversation.trimmedSeq ?? 0);
      book.update(id, (now) => trimmed({ ...this.#place(now, { ...query, window }, answer), isLoading: false }));
    } catch (error) {
      book.update(id, (now) => ({ ...now, isLoading: false, log: abandonPage(now.log) }));
      throw error;
    }
  }

  /** Where the page belongs. One of a window that was left meanwhile is dropped: it would make a hole. */
  #place(page: Page, query: Query, answer: HistoryPage): Page {
    const { log, window } = page;
    const context = this.#deps.book.context(page.conversation.id);
    if (query.around !== undefined) return settled({ ...page, ...placeWindow(context, log, answer) });
    if (query.window === undefined) return { ...page, log: addPage(context, log, answer) };
    if (window === undefined) return settled(page);
    const extend = query.after === undefined ? extendBefore : extendAfter;
    return settled({ ...page, ...extend(context, { log, window }, answer) });
  }
}

/** The request has ended, so entries need not be remembered for it. */
function settled(page: Page): Page {
  return { ...page, log: abandonPage(page.log) };
}
