import { ChatError } from '@chatcluster/protocol/errors';
import { RECEIPT_MERGE_MS } from '@chatcluster/protocol/limits';
import type { Scheduler } from './scheduler.ts';

export interface ReceiptPayload {
  conversationId: string;
  delivered?: number;
  read?: number;
}
export interface ReceiptDeps {
  scheduler: Scheduler;
  isOpen(): boolean;
  /** Read up to there, and the server does not know yet: to be kept over a restart of the app. */
  kept(conversationId: string, read: number): void;
  /** The server knows up to there, or is not to be told: `pendingRead` of the conversation is less now. */
  settled(conversationId: string, read: number): void;
  send(payload: ReceiptPayload): Promise<unknown>;
}

/** At most this many conversations per 250 ms, so that receipts never eat the socket's event rate. */
const PER_ROUND = 5;

/** Tells the server what arrived and what was read: merged per conversation, and again after a reconnect. */
export class Receipts {
  #deps: ReceiptDeps;
  #waiting = new Map<string, ReceiptPayload>();
  /** On their way. */
  #open = new Map<string, { read: number; settled: Promise<void> }>();
  #cancel: (() => void) | undefined;

  constructor(deps: ReceiptDeps) {
    this.#deps = deps;
  }

  note(receipt: ReceiptPayload): void {
    const { conversationId, delivered, read } = receipt;
    const before = this.#waiting.get(conversationId);
    this.#waiting.set(conversationId, {
      conversationId,
      ...highest('delivered', before?.delivered, delivered),
      ...highest('read', before?.read, read),
    });
    if (read !== undefined) this.#deps.kept(conversationId, read);
    this.flush();
  }

  /** What an earlier run of the app read and did not get through. */
  restore(reads: readonly { conversationId: string; seq: number }[]): void {
    for (const { conversationId, seq } of reads) this.note({ conversationId, read: seq });
  }

  /** A read position that the server may not know yet; 0: none. */
  pendingRead(conversationId: string): number {
    return Math.max(this.#waiting.get(conversationId)?.read ?? 0, this.#open.get(conversationId)?.read ?? 0);
  }

  /** The position is about to be set back. Resolves when nothing of it is on its way any more. */
  async forgetRead(conversationId: string): Promise<void> {
    const { read: _read, ...rest } = this.#waiting.get(conversationId) ?? { conversationId };
    if (rest.delivered === undefined) this.#waiting.delete(conversationId);
    else this.#waiting.set(conversationId, rest);
    const open = this.#open.get(conversationId);
    this.#open.delete(conversationId);
    this.#deps.settled(conversationId, Number.MAX_SAFE_INTEGER);
    await open?.settled;
  }

  flush(): void {
    if (this.#waiting.size === 0 || !this.#deps.isOpen()) return;
    this.#cancel ??= this.#deps.scheduler.after(RECEIPT_MERGE_MS, () => {
      this.#cancel = undefined;
      this.#round();
      this.flush();
    });
  }

  /** No connection: what waits is told on the next one. */
  pause(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  clear(): void {
    this.pause();
    this.#open.clear();
    this.#waiting.clear();
  }

  #round(): void {
    if (!this.#deps.isOpen()) return;
    for (const receipt of [...this.#waiting.values()].slice(0, PER_ROUND)) {
      this.#waiting.delete(receipt.conversationId);
      this.#tell(receipt);
    }
  }

  #tell(receipt: ReceiptPayload): void {
    const { conversationId, read } = receipt;
    const { promise: settled, resolve } = Promise.withResolvers<void>();
    const open = read === undefined ? undefined : { read, settled };
    if (open) this.#open.set(conversationId, open);
    const done = (error?: unknown) => {
      // Unless it was forgotten, or a later one is on its way.
      const isWanted = open === undefined || this.#open.get(conversationId) === open;
      if (open && isWanted) this.#open.delete(conversationId);
      const again = isWanted ? receipt : withoutRead(receipt);
      const isAgain = isPassing(error) && (again.read ?? again.delivered) !== undefined;
      if (isAgain) this.note(again);
      if (read !== undefined && !(isAgain && isWanted)) this.#deps.settled(conversationId, read);
      resolve();
    };
    this.#deps.send(receipt).then(() => done(), done);
  }
}

function withoutRead({ conversationId, delivered }: ReceiptPayload): ReceiptPayload {
  return { conversationId, ...highest('delivered', delivered, undefined) };
}

function isPassing(error: unknown): boolean {
  return error instanceof ChatError && error.retryable;
}

function highest(key: 'delivered' | 'read', a: number | undefined, b: number | undefined): Partial<ReceiptPayload> {
  return a === undefined && b === undefined ? {} : { [key]: Math.max(a ?? 0, b ?? 0) };
}
