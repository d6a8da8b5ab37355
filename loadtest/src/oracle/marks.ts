/** Enough of an id to tell two entries of one conversation apart: 52 of its bits, so that a number holds them. */
export function markOf(id: string): number {
  return Number.parseInt(id.slice(0, 8), 16) * 2 ** 20 + Number.parseInt(id.slice(-5), 16);
}

const FIRST_CAPACITY = 64;

/** Which entry holds which seq of one conversation: eight bytes each, from a first seq on. */
export class MarkTable {
  readonly #after: number;
  #marks = new Float64Array(0);
  #last = 0;

  /** Entries up to `after` are of no interest. */
  constructor(after: number) {
    this.#after = after;
    this.#last = after;
  }

  get last(): number {
    return this.#last;
  }

  /** 0: not known. */
  get(seq: number): number {
    return this.#marks[seq - this.#after - 1] ?? 0;
  }

  /** False when another entry is known to hold that seq; the first one stays. */
  put(seq: number, mark: number): boolean {
    const at = seq - this.#after - 1;
    if (at < 0) return true;
    if (at >= this.#marks.length) this.#grow(at + 1);
    const known = this.#marks[at]!;
    if (known !== 0) return known === mark;
    this.#marks[at] = mark;
    if (seq > this.#last) this.#last = seq;
    return true;
  }

  *entries(): Generator<[seq: number, mark: number]> {
    for (let at = 0; at < this.#last - this.#after; at += 1) if (this.#marks[at] !== 0) yield [this.#after + at + 1, this.#marks[at]!];
  }

  #grow(needed: number): void {
    const next = new Float64Array(Math.max(needed, this.#marks.length * 2, FIRST_CAPACITY));
    next.set(this.#marks);
    this.#marks = next;
  }
}
