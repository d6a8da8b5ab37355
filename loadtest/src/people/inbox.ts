/** An entry as far as order goes. */
interface Numbered {
  seq: number;
}

/**
 * The client rule of the contract for one conversation: the next seq applies, a lower one is dropped, a higher one is
 * held until what comes before it is there.
 */
export class Inbox<T extends Numbered> {
  cursor: number;
  #held: Map<number, T> | undefined;

  constructor(cursor: number) {
    this.cursor = cursor;
  }

  get hasHeld(): boolean {
    return this.#held !== undefined;
  }

  take(entry: T): 'applied' | 'held' | 'known' {
    if (entry.seq <= this.cursor) return 'known';
    if (entry.seq === this.cursor + 1) {
      this.cursor = entry.seq;
      return 'applied';
    }
    this.#held ??= new Map();
    if (this.#held.has(entry.seq)) return 'known';
    this.#held.set(entry.seq, entry);
    return 'held';
  }

  /** The held entry whose turn has come. */
  next(): T | undefined {
    const entry = this.#held?.get(this.cursor + 1);
    if (!entry) return undefined;
    this.#held!.delete(entry.seq);
    this.cursor = entry.seq;
    if (this.#held!.size === 0) this.#held = undefined;
    return entry;
  }

  /** The server leaves everything up to here out. */
  skipTo(seq: number): void {
    if (seq <= this.cursor) return;
    this.cursor = seq;
    for (const held of this.#held?.keys() ?? []) if (held <= seq) this.#held!.delete(held);
    if (this.#held?.size === 0) this.#held = undefined;
  }
}
