import type { EventInput, HistoryPage } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import type { Book } from './book.ts';
import { abandonPage, addPage, beginPage } from './log.ts';

const PAGE = 50;

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
    while (this.#deps.book.get(conversationId)?.log.loaded === false) await this.#load(conversationId);
  }

  async older(conversationId: string): Promise<void> {
    const page = this.#deps.book.get(conversationId);
    if (page === undefined || (page.log.loaded && !page.log.hasBefore)) return;
    if (!page.isOpened || !page.log.loaded) return this.newest(conversationId);
    await this.#load(conversationId);
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

  #load(conversationId: string): Promise<void> {
    const open = this.#open.get(conversationId);
    if (open) return open;
    const request = this.#request(conversationId).finally(() => this.#open.delete(conversationId));
    this.#open.set(conversationId, request);
    return request;
  }

  async #request(id: string): Promise<void> {
    const { book } = this.#deps;
    book.update(id, (page) => ({ ...page, isLoading: true, log: beginPage(page.log) }));
    const log = book.get(id)?.log;
    if (log === undefined) throw new ChatError('not_found');
    const before = log.loaded ? (log.messages[0]?.seq ?? log.cursor + 1) : undefined;
    try {
      const page = await this.#deps.call({ conversationId: id, limit: PAGE, ...(before === undefined ? {} : { before }) });
      book.update(id, (now) => ({ ...now, isLoading: false, log: addPage(book.context(id), now.log, page) }));
    } catch (error) {
      book.update(id, (now) => ({ ...now, isLoading: false, log: abandonPage(now.log) }));
      throw error;
    }
  }
}
