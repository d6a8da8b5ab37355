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
  send(payload: ReceiptPayload): Promise<unknown>;
}

/** At most this many conversations per 250 ms, so that receipts never eat the socket's event rate. */
const PER_ROUND = 5;

/** Tells the server what arrived and what was read: merged per conversation, and again after a reconnect. */
export class Receipts {
  #deps: ReceiptDeps;
  #waiting = new Map<string, ReceiptPayload>();
  #open = new Map<string, number>();
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
    this.flush();
  }

  /** A read position that the server may not know yet; 0: none. */
  pendingRead(conversationId: string): number {
    return Math.max(this.#waiting.get(conversationId)?.read ?? 0, this.#open.get(conversationId) ?? 0);
  }

  forgetRead(conversationId: string): void {
    this.#waiting.delete(conversationId);
    this.#open.delete(conversationId);
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
    if (read !== undefined) this.#open.set(conversationId, read);
    const done = () => this.#open.get(conversationId) === read && this.#open.delete(conversationId);
    this.#deps.send(receipt).then(done, (error: unknown) => {
      done();
      if (isPassing(error)) this.note(receipt);
    });
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof ChatError && error.retryable;
}

function highest(key: 'delivered' | 'read', a: number | undefined, b: number | undefined): Partial<ReceiptPayload> {
  return a === undefined && b === undefined ? {} : { [key]: Math.max(a ?? 0, b ?? 0) };
}
