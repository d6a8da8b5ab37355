import type { Note, User } from '@chatcluster/protocol';
import type { Book } from '../book.ts';
import type { LogMessage } from '../fold.ts';
import type { Log } from '../log.ts';
import type { Page } from '../page.ts';
import type { Scheduler } from '../scheduler.ts';
import type { LocalCopy } from '../store.ts';
import type { KnownAccount, LocalBatch, LocalState, LogChange, Position, ReadUpTo } from './types.ts';

export interface KeeperDeps {
  /** Undefined: nothing is kept. */
  copy: LocalCopy | undefined;
  book: Book;
  scheduler: Scheduler;
  newId: () => string;
  userId(): string;
  position(): Position;
}

/** Changes of this long are written together. What a crash takes of them comes again from the server. */
const WRITE_AFTER_MS = 250;
/** An app that waits longer for its own disk would rather ask the server. */
const LOAD_MS = 3_000;
const KEEP = 500;

/** The stored state of a log that the next change is told against. */
interface Saved {
  version: string;
  messages: readonly LogMessage[];
  notes: readonly Note[];
  cursor: number;
  hasBefore: boolean;
}

/**
 * Keeps the local copy in step with the book: collects what changed, writes it as one batch that is consistent in itself
 * (never a cursor without the entries below it, never a `since` ahead of the conversations that it covers).
 */
export class Keeper {
  #deps: KeeperDeps;
  #dirty = new Set<string>();
  #dropped = new Set<string>();
  #users = new Map<string, User>();
  #reads = new Map<string, number>();
  #told = new Map<string, number>();
  #saved = new Map<string, Saved>();
  #loading = new Map<string, Promise<void>>();
  /** Entries up to here were known before the log was loaded: no news. */
  #knownUpTo = new Map<string, number>();
  #writing: Promise<void> | undefined;
  #cancel: (() => void) | undefined;
  #keep = KEEP;

  constructor(deps: KeeperDeps) {
    this.#deps = deps;
  }

  async account(): Promise<KnownAccount | undefined> {
    return this.#patiently(this.#deps.copy?.loadAccount());
  }

  saveAccount(account: KnownAccount): void {
    this.#deps.copy?.saveAccount(account).catch(ignored);
  }

  /** The list and the names; the logs follow when they are opened. */
  async restore(): Promise<LocalState | undefined> {
    const userId = this.#deps.userId();
    const state = await this.#patiently(this.#deps.copy?.loadState(userId));
    if (userId !== this.#deps.userId()) return undefined;
    return state;
  }

  /** Loads the log of a conversation, once. Gives it when the book took it. */
  open(conversationId: string): Promise<void> {
    const open = this.#loading.get(conversationId) ?? this.#load(conversationId);
    this.#loading.set(conversationId, open);
    return open;
  }

  isNews(conversationId: string, seq: number): boolean {
    return seq > (this.#knownUpTo.get(conversationId) ?? 0);
  }

  changed(conversationId: string): void {
    if (this.#deps.copy === undefined) return;
    this.#dirty.add(conversationId);
    this.#plan();
  }

  /** What was held of it is worth nothing any more. */
  dropped(conversationId: string): void {
    this.#dropped.add(conversationId);
    this.#saved.delete(conversationId);
    this.changed(conversationId);
  }

  learned(user: User): void {
    if (this.#deps.copy === undefined) return;
    this.#users.set(user.id, user);
    this.#plan();
  }

  /** Read here, and the server does not know yet. */
  read(conversationId: string, seq: number): void {
    this.#note(this.#reads, conversationId, seq);
  }

  /** The server knows, or is not to be told any more. */
  readTold(conversationId: string, seq: number): void {
    if ((this.#reads.get(conversationId) ?? 0) <= seq) this.#reads.delete(conversationId);
    this.#note(this.#told, conversationId, seq);
  }

  #note(positions: Map<string, number>, conversationId: string, seq: number): void {
    if (this.#deps.copy === undefined) return;
    positions.set(conversationId, Math.max(seq, positions.get(conversationId) ?? 0));
    this.#plan();
  }

  /** Writes what is left, before the app ends. */
  async flush(): Promise<void> {
    await this.#patiently(this.#writing);
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#hasChanges) this.#begin();
    await this.#patiently(this.#writing);
  }

  /** Signed out: forgets what is held here, and what is stored. */
  async wipe(userId: string): Promise<void> {
    this.clear();
    await this.#patiently(this.#deps.copy?.wipe(userId));
  }

  clear(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const held of [this.#dirty, this.#dropped, this.#users, this.#reads, this.#told, this.#saved, this.#loading, this.#knownUpTo])
      held.clear();
  }

  async #load(id: string): Promise<void> {
    const { copy, book, userId, position } = this.#deps;
    if (copy === undefined || book.get(id)?.log.loaded === true) return;
    const log = await this.#patiently(copy.loadLog(userId(), id));
    if (log === undefined || this.#dropped.has(id) || log.epoch !== position().epoch) return;
    if (!book.restoreLog(id, log)) return;
    this.#saved.set(id, log);
    this.#knownUpTo.set(id, book.get(id)?.conversation.lastSeq ?? 0);
  }

  #plan(): void {
    if (this.#writing) return;
    this.#cancel ??= this.#deps.scheduler.after(WRITE_AFTER_MS, () => {
      this.#cancel = undefined;
      this.#begin();
    });
  }

  #begin(): void {
    this.#writing = this.#write().finally(() => {
      this.#writing = undefined;
      if (this.#hasChanges) this.#plan();
    });
  }

  get #hasChanges(): boolean {
    return this.#dirty.size + this.#users.size + this.#reads.size + this.#told.size > 0;
  }

  async #write(): Promise<void> {
    const { copy, userId } = this.#deps;
    const batch = this.#takeBatch();
    try {
      const result = await copy?.write(userId(), batch);
      this.#keep = result?.keep ?? KEEP;
      for (const id of result?.stale ?? []) {
        this.#saved.delete(id);
        this.#dirty.add(id);
      }
    } catch {
      // Only a copy. What could not be told is told as a whole with the next change.
      for (const { conversationId } of batch.logs) this.#saved.delete(conversationId);
    }
  }

  #takeBatch(): LocalBatch {
    const { book, position } = this.#deps;
    const ids = [...this.#dirty];
    const pages = ids.flatMap((id) => book.get(id) ?? []);
    const batch: LocalBatch = {
      ...position(),
      // What was read here and not told yet is kept apart.
      conversations: pages.map(({ conversation, told }) => ({ ...conversation, me: told })),
      removed: ids.filter((id) => book.get(id) === undefined),
      dropped: [...this.#dropped],
      logs: pages.flatMap((page) => this.#logChange(page) ?? []),
      users: [...this.#users.values()],
      reads: positions(this.#reads),
      told: positions(this.#told),
    };
    this.#dirty.clear();
    this.#dropped.clear();
    this.#users.clear();
    this.#reads.clear();
    this.#told.clear();
    return batch;
  }

  #logChange({ conversation: { id }, log }: Page): LogChange | undefined {
    if (!log.loaded) return undefined;
    const saved = this.#saved.get(id);
    const messages = log.messages.slice(-this.#keep);
    const hasBefore = log.hasBefore || messages.length < log.messages.length;
    const notes = this.#notesFrom(log, hasBefore ? (messages[0]?.seq ?? 0) : 0, saved?.notes);
    const before = new Set(saved?.messages);
    const changed = messages.filter((message) => !before.has(message));
    const isSame = notes === saved?.notes;
    if (isSame && changed.length === 0 && saved.cursor === log.cursor && saved.hasBefore === hasBefore) return undefined;
    const version = this.#deps.newId();
    this.#saved.set(id, { version, messages, notes, cursor: log.cursor, hasBefore });
    return {
      conversationId: id,
      cursor: log.cursor,
      hasBefore,
      from: messages[0]?.seq ?? 0,
      base: saved?.version,
      version,
      messages: changed,
      ...(isSame ? {} : { notes }),
    };
  }

  /** Those of the stretch that is kept; the array of last time when they are the same. */
  #notesFrom(log: Log, from: number, before: readonly Note[] | undefined): readonly Note[] {
    const notes = log.notes.filter(({ seq }) => seq >= from).slice(-this.#keep);
    return before?.length === notes.length && notes.every((note, i) => note.seq === before[i]?.seq) ? before : notes;
  }

  /** Undefined: there is none, it cannot be read, or it takes too long. */
  async #patiently<T>(work: Promise<T | undefined> | undefined): Promise<T | undefined> {
    if (work === undefined) return undefined;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const cancel = this.#deps.scheduler.after(LOAD_MS, () => resolve(undefined));
    return Promise.race([work.catch(ignored), promise]).finally(cancel);
  }
}

function positions(seqs: ReadonlyMap<string, number>): ReadUpTo[] {
  return [...seqs].map(([conversationId, seq]) => ({ conversationId, seq }));
}

/** The copy cannot be read or written: then the app is as it would be without one. */
function ignored(): undefined {
  return undefined;
}
