import { MarkTable } from './marks.ts';

/** One member's view of one conversation. */
export interface Slot {
  user: number;
  conversation: number;
  /** What came up to this seq was before the run. */
  from: number;
}

/** again: applied before; back: applied after a later one; different: another entry than somebody else has under this seq. */
export type Offence = 'again' | 'back' | 'different';

type Range = [first: number, last: number];

/**
 * What every member applied. It knows nothing of the client rule and trusts no client: each application is told to it.
 * A member without fault costs two numbers per conversation, however many entries there were; ranges that are missing
 * in between are kept apart.
 */
export class DeliveryBook {
  readonly slots: readonly Slot[];
  readonly #last: Uint32Array;
  readonly #holes = new Map<number, Range[]>();
  readonly #tables: MarkTable[];

  constructor(slots: readonly Slot[], conversationCount: number) {
    this.slots = slots;
    this.#last = Uint32Array.from(slots, ({ from }) => from);
    const from = Array.from({ length: conversationCount }, () => 0);
    for (const slot of slots) from[slot.conversation] = slot.from;
    this.#tables = from.map((seq) => new MarkTable(seq));
  }

  /** The entry that the members here applied under each seq. */
  table(conversation: number): MarkTable {
    return this.#tables[conversation]!;
  }

  last(slot: number): number {
    return this.#last[slot]!;
  }

  applied(slot: number, seq: number, mark: number): Offence | undefined {
    const isSame = this.#tables[this.slots[slot]!.conversation]!.put(seq, mark);
    const last = this.#last[slot]!;
    if (seq > last) {
      if (seq > last + 1) this.#addHole(slot, [last + 1, seq - 1]);
      this.#last[slot] = seq;
      return isSame ? undefined : 'different';
    }
    if (!this.#fill(slot, seq)) return 'again';
    return isSame ? 'back' : 'different';
  }

  /** True when this member never applied that seq, though it should have. */
  misses(slot: number, seq: number): boolean {
    if (seq <= this.slots[slot]!.from) return false;
    return seq > this.#last[slot]! || (this.#holes.get(slot)?.some(([first, last]) => seq >= first && seq <= last) ?? false);
  }

  /** Quick look: nothing up to `seq` is missing. */
  isWhole(slot: number, seq: number): boolean {
    return this.#last[slot]! >= seq && !this.#holes.has(slot);
  }

  /** The server itself said that it leaves this range out of a sync; what is in it is to be read as history. */
  skipped(slot: number, last: number): void {
    if (last > this.#last[slot]!) this.#last[slot] = last;
  }

  #addHole(slot: number, hole: Range): void {
    const holes = this.#holes.get(slot);
    if (holes) holes.push(hole);
    else this.#holes.set(slot, [hole]);
  }

  /** Takes one seq out of a hole; false when there is none around it. */
  #fill(slot: number, seq: number): boolean {
    const holes = this.#holes.get(slot) ?? [];
    const at = holes.findIndex(([first, last]) => seq >= first && seq <= last);
    if (at < 0) return false;
    const [first, last] = holes[at]!;
    const parts: Range[] = [];
    if (first < seq) parts.push([first, seq - 1]);
    if (seq < last) parts.push([seq + 1, last]);
    holes.splice(at, 1, ...parts);
    if (holes.length === 0) this.#holes.delete(slot);
    return true;
  }
}
