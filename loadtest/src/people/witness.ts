import { nowMs } from '../clock.ts';
import type { Meters } from '../meters.ts';
import type { AckTimes } from '../oracle/ack-times.ts';
import { AckBook, type AckRecord } from '../oracle/acks.ts';
import { DeliveryBook, type Slot } from '../oracle/deliveries.ts';
import { type Arrival, Journal, type Turn } from '../oracle/journal.ts';
import { Findings, type Late } from '../oracle/verdict.ts';
import type { WireEntry } from '../wire/packets.ts';

/** Everyone connected has an entry within this, and within the second value when a fault was in between. */
export const lateAfterMs = { usual: 2_000, afterFault: 5_000 };

/** Two numbers shared by all threads: how many faults are under way, and when the last one ended. */
export const faultCells = { active: 0, endedAtMs: 1, length: 2 } as const;

export interface WitnessOptions {
  slots: readonly Slot[];
  conversationCount: number;
  journalLines: number;
  meters: Meters;
  faults: Float64Array;
  ackTimes: AckTimes;
}

export interface Seen {
  slot: number;
  entry: WireEntry;
  how: Arrival;
  /** Index of this client's pod, and since when it has been connected without a break. */
  podId: string;
  connectedAtMs: number;
}

const offences = { again: 'twice', back: 'misordered', different: 'different' } as const;

/** All that one thread's clients saw: kept for the oracle, and measured. */
export class Witness {
  readonly deliveries: DeliveryBook;
  readonly acks = new AckBook();
  readonly journal: Journal;
  readonly findings = new Findings();
  readonly pods: string[] = [];
  late = 0;
  worstLate: Late | undefined;
  readonly #meters: Meters;
  readonly #faults: Float64Array;
  readonly #ackTimes: AckTimes;

  constructor({ slots, conversationCount, journalLines, meters, faults, ackTimes }: WitnessOptions) {
    this.deliveries = new DeliveryBook(slots, conversationCount);
    this.journal = new Journal(journalLines);
    this.#meters = meters;
    this.#faults = faults;
    this.#ackTimes = ackTimes;
  }

  podIndex(podId: string): number {
    const known = this.pods.indexOf(podId);
    return known >= 0 ? known : this.pods.push(podId) - 1;
  }

  turn(user: number, what: Turn, podId?: string): void {
    this.journal.turn(nowMs(), user, what, podId === undefined ? undefined : this.podIndex(podId));
  }

  /** An entry came to a client, and the client says what it did with it. */
  saw({ slot, entry, how, ...client }: Seen): void {
    const now = nowMs();
    const { user, conversation } = this.deliveries.slots[slot]!;
    this.journal.arrival({ atMs: now, user, conversation, seq: entry.seq, how });
    if (!how.startsWith('applied') && !how.endsWith('applied')) return;
    const offence = this.deliveries.applied(slot, entry.seq, entry.mark);
    if (offence) this.findings.add({ kind: offences[offence], conversation, seq: entry.seq, user, atMs: now });
    this.#meters.counters.deliveries += 1;
    if (how === 'by sync, applied') this.#meters.counters.bySync += 1;
    else if (entry.intendedAtMs > 0) this.#measure(now, slot, entry, client);
  }

  /** `slot` is the sender's in that conversation. */
  acknowledged(slot: number, record: AckRecord): void {
    this.#ackTimes.put(record.mark, record.ackedAtMs);
    if (!this.acks.stored(slot, record)) this.#senderMisordered(record);
  }

  /** The sender itself got an entry of its own: a queued one has its number now. */
  cameBack(slot: number, { mark, seq }: Pick<WireEntry, 'mark' | 'seq'>): void {
    const { user, conversation } = this.deliveries.slots[slot]!;
    if (!this.acks.settle(slot, mark, seq)) this.#senderMisordered({ conversation, seq, sender: user });
  }

  #senderMisordered({ conversation, seq, sender }: Pick<AckRecord, 'conversation' | 'seq' | 'sender'>): void {
    this.findings.add({ kind: 'senderOrder', conversation, seq, user: sender, atMs: nowMs() });
  }

  #measure(
    now: number,
    slot: number,
    { seq, mark, intendedAtMs, origin }: WireEntry,
    { podId, connectedAtMs }: Pick<Seen, 'podId' | 'connectedAtMs'>,
  ): void {
    this.#meters.time('delivery', now - intendedAtMs);
    if (origin !== podId) this.#meters.time('remote', now - intendedAtMs);
    if (now - intendedAtMs <= lateAfterMs.usual || this.#faults[faultCells.active]! > 0) return;
    // What is not acknowledged yet cannot be late; the time that its sender needed to get through is not the receiver's.
    const ackedAtMs = this.#ackTimes.get(mark);
    if (ackedAtMs === undefined) return;
    const disturbedAtMs = Math.max(connectedAtMs, this.#faults[faultCells.endedAtMs]!);
    if (now <= Math.max(ackedAtMs + lateAfterMs.usual, disturbedAtMs + lateAfterMs.afterFault)) return;
    const lateMs = now - Math.max(ackedAtMs, disturbedAtMs);
    this.#meters.counters.late += 1;
    this.late += 1;
    if (lateMs <= (this.worstLate?.lateMs ?? 0)) return;
    const { user, conversation } = this.deliveries.slots[slot]!;
    this.worstLate = { user, conversation, seq, atMs: now, lateMs };
  }
}
