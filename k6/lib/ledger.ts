/** Messages that are followed from the sender to every member who was connected when it was sent. */
interface Followed {
  sentAt: number;
  acked: boolean;
  missing: Set<number>;
}

/**
 * A message counts as lost only if it was acknowledged: before that the sender has no promise. A member who goes offline is no
 * longer expected, since such a client catches up by `sync`, which is not what is measured here.
 */
export class Ledger {
  readonly #lossAfterMs: number;
  readonly #followed = new Map<string, Followed>();

  constructor({ lossAfterMs }: { lossAfterMs: number }) {
    this.#lossAfterMs = lossAfterMs;
  }

  get size(): number {
    return this.#followed.size;
  }

  sent(mark: string, members: Iterable<number>, nowMs: number): void {
    this.#followed.set(mark, { sentAt: nowMs, acked: false, missing: new Set(members) });
  }

  acked(mark: string): void {
    const entry = this.#followed.get(mark);
    if (!entry) return;
    entry.acked = true;
    this.#settle(mark, entry);
  }

  refused(mark: string): void {
    this.#followed.delete(mark);
  }

  /** True the first time that this member gets it. */
  received(mark: string, member: number): boolean {
    const entry = this.#followed.get(mark);
    if (!entry?.missing.delete(member)) return false;
    this.#settle(mark, entry);
    return true;
  }

  gone(member: number): void {
    for (const [mark, entry] of this.#followed) {
      if (entry.missing.delete(member)) this.#settle(mark, entry);
    }
  }

  /** Forgets what is overdue and tells how many deliveries never came. */
  sweep(nowMs: number): number {
    let lost = 0;
    for (const [mark, { sentAt, acked, missing }] of this.#followed) {
      if (nowMs - sentAt < this.#lossAfterMs) break;
      if (!acked) continue;
      lost += missing.size;
      this.#followed.delete(mark);
    }
    return lost;
  }

  #settle(mark: string, { acked, missing }: Followed): void {
    if (acked && missing.size === 0) this.#followed.delete(mark);
  }
}
