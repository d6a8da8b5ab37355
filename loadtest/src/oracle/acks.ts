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

/** Every acknowledged message with its number; queued ones are kept apart until their number is known. */
export class AckBook {
  #columns = Object.fromEntries(columns.map((name) => [name, newColumn(name, FIRST_CAPACITY)])) as AckColumns;
  #count = 0;
  readonly #queued = new Map<number, AckRecord>();
  readonly #lastOf = new Map<number, number>();

  get count(): number {
    return this.#count;
  }

  get queued(): readonly AckRecord[] {
    return [...this.#queued.values()];
  }

  /** False when one sender's message got a lower number than the one before it. `slot` is the sender's in that conversation. */
  stored(slot: number, record: AckRecord): boolean {
    this.#push(record);
    const last = this.#lastOf.get(slot) ?? 0;
    if (record.seq > last) this.#lastOf.set(slot, record.seq);
    return record.seq > last;
  }

  addQueued(record: AckRecord): void {
    this.#queued.set(record.mark, record);
  }

  /** A queued message has come as an entry: from now on it counts as stored. */
  settle(slot: number, mark: number, seq: number): boolean {
    const record = this.#queued.size > 0 ? this.#queued.get(mark) : undefined;
    if (!record) return true;
    this.#queued.delete(mark);
    return this.stored(slot, { ...record, seq });
  }

  /** The sender was told that a queued message is refused. */
  reject(mark: number): void {
    this.#queued.delete(mark);
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
