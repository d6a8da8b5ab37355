import type { ConversationMe } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import type { Book } from './book.ts';
import { countsAsUnread, type LogMessage } from './fold.ts';
import type { Page } from './page.ts';
import type { Scheduler } from './scheduler.ts';

export interface ThreadsDeps {
  book: Pick<Book, 'get' | 'context' | 'learnMe'>;
  scheduler: Scheduler;
  me(): string;
  isOpen(): boolean;
  send(reading: Reading): Promise<ConversationMe>;
  changed(conversationId: string): void;
  /** Read up to there, and the server does not know yet: to be kept over a restart of the app. */
  kept(place: string, seq: number): void;
  /** The server knows up to there, or is not to be told. */
  settled(place: string, seq: number): void;
}

/** How far a thread was read. */
export interface Reading {
  conversationId: string;
  /** The message that the thread answers. */
  rootId: string;
  seq: number;
}

/** Of one thread, what a stretch of messages holds. */
interface Held {
  /** The last one of the user, the root included; 0: none. */
  ownSeq: number;
  others: LogMessage[];
}

/** What is read in quick succession is told together. */
const TELL_AFTER_MS = 250;
/** The connection holds, but the server cannot answer now. */
const RETRY_MS = 5_000;

/** Where a thread's position is kept: ids contain no space, so no conversation has this name. */
const placeOf = ({ conversationId, rootId }: Omit<Reading, 'seq'>) => `${conversationId} ${rootId}`;

/**
 * What is unread in the threads that the user began or wrote in. It follows from the messages that are held and from the positions of
 * the own state, so that it is the same on every device that holds the same messages.
 */
export class Threads {
  #deps: ThreadsDeps;
  #waiting = new Map<string, Reading>();
  /** On their way. */
  #open = new Map<string, Reading>();
  #indexes = new WeakMap<readonly LogMessage[], ReadonlyMap<string, Held>>();
  #cancel: (() => void) | undefined;

  constructor(deps: ThreadsDeps) {
    this.#deps = deps;
  }

  /** Answers of others that were not read yet; 0 in a thread of other people. */
  unread(conversationId: string, rootId: string): number {
    const page = this.#deps.book.get(conversationId);
    if (page === undefined) return 0;
    const held = stretches(page).flatMap((messages) => this.#index(messages).get(rootId) ?? []);
    const ownSeq = Math.max(0, ...held.map((thread) => thread.ownSeq));
    if (ownSeq === 0) return 0;
    const seen = Math.max(ownSeq, this.#seen(page, rootId));
    const context = this.#deps.book.context(conversationId);
    const unread = held.flatMap(({ others }) => others).filter(({ seq, actorId }) => seq > seen && countsAsUnread(context, actorId));
    return new Set(unread.map(({ seq }) => seq)).size;
  }

  /** Everything of the thread up to `seq` was seen. The server is told, now or when there is a connection again. */
  markRead(conversationId: string, rootId: string, seq: number): void {
    const page = this.#deps.book.get(conversationId);
    if (page === undefined || seq <= this.#seen(page, rootId)) return;
    // Without the root nobody can tell here whose thread it is.
    const isTold = stretches(page).some((messages) => messages.some(({ id }) => id === rootId));
    if (isTold && this.unread(conversationId, rootId) === 0) return;
    this.#note({ conversationId, rootId, seq });
    this.#deps.changed(conversationId);
  }

  /** @internal What an earlier run of the app read and did not get through; gives back what is not about threads. */
  restore<T extends { conversationId: string; seq: number }>(reads: readonly T[]): T[] {
    return reads.filter((read) => {
      const [conversationId = '', rootId] = read.conversationId.split(' ');
      if (rootId !== undefined) this.#note({ conversationId, rootId, seq: read.seq });
      return rootId === undefined;
    });
  }

  /** @internal There is a connection. */
  flush(delayMs = TELL_AFTER_MS): void {
    if (this.#waiting.size === 0 || !this.#deps.isOpen()) return;
    this.#cancel ??= this.#deps.scheduler.after(delayMs, () => {
      this.#cancel = undefined;
      for (const reading of this.#waiting.values()) this.#tell(reading);
    });
  }

  /** @internal No connection: what waits is told on the next one. */
  pause(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  /** @internal Another user, or signed out. */
  clear(): void {
    this.pause();
    this.#waiting.clear();
    this.#open.clear();
  }

  #note(reading: Reading): void {
    const place = placeOf(reading);
    const seq = Math.max(reading.seq, this.#waiting.get(place)?.seq ?? 0);
    this.#waiting.set(place, { ...reading, seq });
    this.#deps.kept(place, seq);
    this.flush();
  }

  #seen({ told, conversation }: Page, rootId: string): number {
    const place = placeOf({ conversationId: conversation.id, rootId });
    return Math.max(told.threads?.[rootId] ?? 0, this.#waiting.get(place)?.seq ?? 0, this.#open.get(place)?.seq ?? 0);
  }

  #tell(reading: Reading): void {
    const { conversationId, seq } = reading;
    const place = placeOf(reading);
    // One at a time of a thread: the one after it goes when this one is through.
    if (this.#open.has(place)) return;
    this.#waiting.delete(place);
    this.#open.set(place, reading);
    const done = (error?: unknown) => {
      if (this.#open.get(place) !== reading) return; // Somebody else is signed in.
      this.#open.delete(place);
      if (error instanceof ChatError && error.retryable) {
        const waits = this.#waiting.get(place);
        this.#waiting.set(place, waits !== undefined && waits.seq > seq ? waits : reading);
        return this.flush(RETRY_MS);
      }
      this.#deps.settled(place, seq);
      this.#deps.changed(conversationId);
      this.flush();
    };
    this.#deps.send(reading).then((me) => {
      if (this.#open.get(place) === reading) this.#deps.book.learnMe(conversationId, me);
      done();
    }, done);
  }

  #index(messages: readonly LogMessage[]): ReadonlyMap<string, Held> {
    const index = this.#indexes.get(messages) ?? buildIndex(messages, this.#deps.me());
    this.#indexes.set(messages, index);
    return index;
  }
}

/** The newest stretch reaches from its oldest message to the end; a window before it leaves out what is between them. */
function stretches({ log, window }: Page): (readonly LogMessage[])[] {
  return window === undefined ? [log.messages] : [log.messages, window.messages];
}

function buildIndex(messages: readonly LogMessage[], me: string): ReadonlyMap<string, Held> {
  const index = new Map<string, Held>();
  for (const message of messages) {
    if (message.threadRoot === undefined) continue;
    const held = index.get(message.threadRoot) ?? { ownSeq: 0, others: [] };
    index.set(message.threadRoot, held);
    if (message.actorId === me) held.ownSeq = Math.max(held.ownSeq, message.seq);
    else if (!message.deletedAt) held.others.push(message);
  }
  for (const { id, seq, actorId } of messages) {
    const held = index.get(id);
    if (held && actorId === me) held.ownSeq = Math.max(held.ownSeq, seq);
  }
  return index;
}
