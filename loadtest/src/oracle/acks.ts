/** One acknowledged message. Times are those of `nowMs`. */
export interface AckRecord {
  conversation: number;
  seq: number;
  mark: number;
  sender: number;
  /** Index into the list of pod names of the thread. */
  pod: number;
  intendedAtMs: number;
  sentAtMs: number;
  ackedAtMs: number;
  attempts: number;
}

const columns = ['conversation', 'seq', 'mark', 'sender', 'pod', 'intendedAtMs', 'sentAtMs', 'ackedAtMs', 'attempts'] as const;
type Column = (typeof columns)[number];
/** Columns of numbers travel between threads at no cost and weigh 44 bytes a message. */
export type AckColumns = Record<Column, Uint32Array | Float64Array>;

const FIRST_CAPACITY = 1_024;
const isTime = (name: Column) => name === 'mark' || name.endsWith('Ms');
const newColumn = (name: Column, size: number) => (isTime(name) ? new Float64Array(size) : new Uint32Array(size));

/** One sender's message in one conversation; 0: its number is not known. */
interface Turn {
  mark: number;
  seq: number;
}

function isInOrder(turns: readonly Turn[], index: number): boolean {
  const { seq } = turns[index]!;
  const before = turns.slice(0, index).findLast((turn) => turn.seq > 0);
  const after = turns.slice(index + 1).find((turn) => turn.seq > 0);
  return (before === undefined || before.seq < seq) && (after === undefined || after.seq > seq);
}

/** Every acknowledged message with its number; queued ones are kept apart until their number is known. */
export class AckBook {
  #columns = Object.fromEntries(columns.map((name) => [name, newColumn(name, FIRST_CAPACITY)])) as AckColumns;
  #count = 0;
  readonly #queued = new Map<number, { slot: number; record: AckRecord }>();
  readonly #lastOf = new Map<number, number>();
  /** By slot, while a number of it is not known: what was acknowledged in turn, from the last one before that. */
  readonly #open = new Map<number, Turn[]>();

  get count(): number {
    return this.#count;
  }

  get queued(): readonly AckRecord[] {
    return [...this.#queued.values()].map(({ record }) => record);
  }

  /** False when one sender's message got a lower number than the one before it. `slot` is the sender's in that conversation. */
  stored(slot: number, record: AckRecord): boolean {
    this.#push(record);
    const open = this.#open.get(slot);
    if (open) return isInOrder(open, open.push({ mark: record.mark, seq: record.seq }) - 1);
    const last = this.#lastOf.get(slot) ?? 0;
    if (record.seq > last) this.#lastOf.set(slot, record.seq);
    return record.seq > last;
  }

  addQueued(slot: number, record: AckRecord): void {
    this.#queued.set(record.mark, { slot, record });
    const open = this.#open.get(slot) ?? [{ mark: 0, seq: this.#lastOf.get(slot) ?? 0 }];
    this.#open.set(slot, open);
    open.push({ mark: record.mark, seq: 0 });
  }

  /**
   * A queued message has come as an entry: from now on it counts as stored. Its sender may learn that after the numbers of
   * later ones, so it is compared with its neighbours in the order of acknowledgement.
   */
  settle(slot: number, mark: number, seq: number): boolean {
    const queued = this.#queued.size > 0 ? this.#queued.get(mark) : undefined;
    const open = this.#open.get(slot);
    if (!queued || !open) return true;
    this.#queued.delete(mark);
    this.#push({ ...queued.record, seq });
    const index = open.findIndex((turn) => turn.mark === mark);
    open[index]!.seq = seq;
    const isFine = isInOrder(open, index);
    this.#close(slot, open);
    return isFine;
  }

  /** The sender was told that a queued message is refused. */
  reject(mark: number): void {
    const queued = this.#queued.get(mark);
    const open = queued && this.#open.get(queued.slot);
    if (!open) return;
    this.#queued.delete(mark);
    const left = open.filter((turn) => turn.mark !== mark);
    this.#open.set(queued.slot, left);
    this.#close(queued.slot, left);
  }

  /** What lies before the first unknown number need not be kept. */
  #close(slot: number, open: Turn[]): void {
    const unknown = open.findIndex(({ seq }, i) => i > 0 && seq === 0);
    const known = unknown < 0 ? open : open.slice(0, unknown);
    const last = Math.max(...known.map(({ seq }) => seq));
    if (unknown > 0) return void open.splice(0, unknown, { mark: 0, seq: last });
    this.#open.delete(slot);
    this.#lastOf.set(slot, last);
  }

  find(conversation: number, seq: number): AckRecord | undefined {
    for (let i = 0; i < this.#count; i += 1)
      if (this.#columns.conversation[i] === conversation && this.#columns.seq[i] === seq) return recordAt(this.#columns, i);
    return undefined;
  }

  toColumns(): AckColumns {
    return Object.fromEntries(columns.map((name) => [name, this.#columns[name].slice(0, this.#count)])) as AckColumns;
  }

  #push(record: AckRecord): void {
    if (this.#count === this.#columns.seq.length) this.#grow();
    for (const name of columns) this.#columns[name][this.#count] = record[name];
    this.#count += 1;
  }

  #grow(): void {
    for (const name of columns) {
      const next = newColumn(name, this.#count * 2);
      next.set(this.#columns[name]);
      this.#columns[name] = next;
    }
  }
}

export function recordAt(from: AckColumns, index: number): AckRecord {
  return Object.fromEntries(columns.map((name) => [name, from[name][index]])) as unknown as AckRecord;
}

/** What has been acknowledged in all threads, by conversation and in the order of the numbers. */
export interface Reference {
  /** Where each conversation's part begins; one more than there are conversations. */
  starts: Uint32Array;
  seqs: Uint32Array;
  marks: Float64Array;
}

export interface Acknowledged {
  conversation: number;
  seq: number;
  mark: number;
}

export interface Acknowledged {
  conversation: number;
  seq: number;
  mark: number;
}

/** `more`: what no thread has as acknowledged with a number, and is known from elsewhere. */
export function createReference(parts: readonly AckColumns[], conversationCount: number, more: readonly Acknowledged[] = []): Reference {
  const all = parts.flatMap((part) =>
    Array.from(part.seq, (seq, i): Acknowledged => ({ seq, conversation: part.conversation[i]!, mark: part.mark[i]! })),
  );
  all.push(...more);
  all.sort((a, b) => a.conversation - b.conversation || a.seq - b.seq);
  const starts = new Uint32Array(conversationCount + 1);
  for (const { conversation } of all) starts[conversation + 1]! += 1;
  for (let i = 0; i < conversationCount; i += 1) starts[i + 1]! += starts[i]!;
  return { starts, seqs: Uint32Array.from(all, ({ seq }) => seq), marks: Float64Array.from(all, ({ mark }) => mark) };
}
