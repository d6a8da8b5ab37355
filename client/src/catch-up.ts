import type { ClientEventName, Conversation, EventInput, EventResult, SessionReady } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { CHANGES_PAGE, GAP_HOLD_MS } from '@chatcluster/protocol/limits';
import type { Book } from './book.ts';
import type { Position } from './local/types.ts';
import { planSync } from './plan-sync.ts';
import type { Scheduler } from './scheduler.ts';

export interface CatchUpDeps {
  book: Book;
  scheduler: Scheduler;
  checkEveryMs: number;
  call<E extends ClientEventName>(event: E, payload: EventInput<E>): Promise<EventResult[E]>;
  isOpen(): boolean;
  /** A page of `changes` was learned. */
  listed(conversations: readonly Conversation[]): void;
  /** Opened conversations whose log was dropped load their newest page again. */
  reopen(): Promise<void>;
}

/** Waits between tries while the connection holds but the server cannot answer. */
const RETRY_MS = 2_000;

/**
 * Reads what was missed: `changes` pages, then `sync` for what is held here. One run at a time; what is asked for during
 * a run is done by another run after it. Gaps get their 500 ms to close by themselves.
 */
export class CatchUp {
  #deps: CatchUpDeps;
  #since: string | undefined;
  #epoch: number | undefined;
  #running: Promise<void> | undefined;
  #needsChanges = false;
  #isListing = false;
  #gaps = new Set<string>();
  #cancelSoon: (() => void) | undefined;
  #cancelCheck = () => {};

  constructor(deps: CatchUpDeps) {
    this.#deps = deps;
  }

  /** On `session:ready`. Resolves when everything is up to date; rejects only when the connection is gone or refuses. */
  async connected(ready: SessionReady): Promise<void> {
    if (this.#epoch !== undefined && this.#epoch !== ready.epoch) this.#forgetAll();
    this.#epoch = ready.epoch;
    await this.#running?.catch(() => undefined); // Its connection is gone; the new run starts from what it reached.
    this.#needsChanges = true;
    await this.#untilDone();
    this.#planCheck();
  }

  disconnected(): void {
    this.#cancelSoon?.();
    this.#cancelSoon = undefined;
    this.#cancelCheck();
  }

  get position(): Position {
    return { since: this.#since, epoch: this.#epoch };
  }

  /** Goes on where an earlier run of the app ended; called before the first connection. */
  restore({ since, epoch }: Position): void {
    this.#since = since;
    this.#epoch = epoch;
  }

  /** A stored log was opened that may be behind. Without a connection the next one brings what is missing. */
  opened(): void {
    if (this.#deps.isOpen()) this.#runInBackground();
  }

  /** Another user, or signed out. */
  reset(): void {
    this.disconnected();
    this.#since = undefined;
    this.#epoch = undefined;
    this.#gaps.clear();
  }

  /** Something is missing: look in 500 ms, unless it came by itself. */
  missing(kind: 'gap' | 'conversation' | 'counter', conversationId: string): void {
    if (kind === 'gap') this.#gaps.add(conversationId);
    else this.#needsChanges = true;
    this.#cancelSoon ??= this.#deps.scheduler.after(GAP_HOLD_MS, () => {
      this.#cancelSoon = undefined;
      this.#runInBackground();
    });
  }

  /** Ask for everything that moved, now. */
  check(): void {
    this.#needsChanges = true;
    this.#runInBackground();
  }

  /** One came into a conversation, or is in it no more. A page that is on its way may be from before: then it is asked for again. */
  moved(): void {
    if (this.#isListing) this.#needsChanges = true;
  }

  resync(conversationIds: readonly string[] = []): void {
    for (const id of conversationIds) this.#gaps.add(id);
    this.check();
  }

  #forgetAll(): void {
    this.#since = undefined;
    this.#deps.book.dropLogs();
  }

  #planCheck(): void {
    this.#cancelCheck();
    const { checkEveryMs, scheduler } = this.#deps;
    // The connection may have gone while the last page came: a timer of five minutes would keep a program from ending.
    if (checkEveryMs === 0 || !this.#deps.isOpen()) return;
    this.#cancelCheck = scheduler.after(checkEveryMs, () => {
      this.check();
      this.#planCheck();
    });
  }

  /** A server that cannot answer now is asked again on the same connection: another pod would know no more. */
  async #untilDone(): Promise<void> {
    for (;;) {
      try {
        return await this.#run();
      } catch (error) {
        if (!(error instanceof ChatError) || !error.retryable || !this.#deps.isOpen()) throw error;
        const delayMs = error.retryAfterMs ?? RETRY_MS;
        await new Promise<void>((resolve) => this.#deps.scheduler.after(delayMs, resolve));
      }
    }
  }

  #runInBackground(): void {
    const before = this.#running?.catch(() => undefined) ?? Promise.resolve(); // What it missed, the next run finds.
    before
      .then(() => this.#run())
      .catch((error: unknown) => {
        // A lost connection starts over by itself; a server that cannot answer now is asked again.
        if (!(error instanceof ChatError) || !this.#deps.isOpen()) return;
        this.#cancelSoon ??= this.#deps.scheduler.after(error.retryAfterMs ?? RETRY_MS, () => {
          this.#cancelSoon = undefined;
          this.#runInBackground();
        });
      });
  }

  #run(): Promise<void> {
    this.#running ??= this.#all().finally(() => (this.#running = undefined));
    return this.#running;
  }

  async #all(): Promise<void> {
    do {
      if (this.#needsChanges) await this.#changes();
      await this.#sync();
      await this.#deps.reopen();
    } while (this.#needsChanges);
  }

  /** What is asked for while the pages come may be missing in them: it is for another run. */
  async #changes(): Promise<void> {
    this.#needsChanges = false;
    this.#isListing = true;
    try {
      await this.#list();
    } catch (error) {
      this.#needsChanges = true;
      throw error;
    } finally {
      this.#isListing = false;
    }
  }

  async #list(): Promise<void> {
    const known = new Set(this.#deps.book.all().map(({ id }) => id));
    const seen = new Set<string>();
    let isEverything = this.#since === undefined;
    let since = this.#since;
    for (let more = true; more; ) {
      const page = await this.#deps.call('changes', { limit: CHANGES_PAGE, ...(since === undefined ? {} : { since }) });
      isEverything ||= page.reset ?? false;
      for (const { id } of page.conversations) seen.add(id);
      this.#deps.book.learnPage(page);
      this.#deps.listed(page.conversations);
      ({ next: since, more } = page);
    }
    // What came meanwhile is newer than the pages.
    if (isEverything) for (const id of known) if (!seen.has(id)) this.#deps.book.remove(id);
    this.#since = since;
  }

  async #sync(): Promise<void> {
    const { book } = this.#deps;
    const done = new Set<string>();
    for (;;) {
      const forced = new Set([...this.#gaps].filter((id) => (book.get(id)?.log.held.length ?? 0) > 0));
      this.#gaps = forced;
      const cursors = planSync(book.behind(forced).filter((b) => !done.has(b.conversationId)));
      const asked = Object.keys(cursors);
      if (asked.length === 0) return;
      const page = await this.#deps.call('sync', { cursors });
      const moved = book.learnSync(page);
      if (page.reset.length > 0) this.#startOver(page.reset, done);
      if (!page.more) for (const id of asked) this.#finish(id, done);
      else if (moved.length === 0) throw new ChatError('internal', { message: 'The server said more, but gave nothing.' });
    }
  }

  #finish(id: string, done: Set<string>): void {
    done.add(id);
    this.#gaps.delete(id);
  }

  /** A dropped log starts at the `lastSeq` of `changes`, which has to be asked without a token to list it. */
  #startOver(ids: readonly string[], done: Set<string>): void {
    for (const id of ids) done.add(id);
    this.#since = undefined;
    this.#needsChanges = true;
  }
}
