/** What became of an entry that reached a client, and how it came. */
export const arrivals = [
  'live, applied',
  'live, held for an earlier one',
  'live, known already',
  'by sync, applied',
  'by sync, held for an earlier one',
  'by sync, known already',
  'applied after having been held',
] as const;
export type Arrival = (typeof arrivals)[number];

export const turns = ['connected', 'lost the connection', 'left', 'dropped without a goodbye', 'went silent', 'was told to move'] as const;
export type Turn = (typeof turns)[number];

export interface ArrivalLine {
  atMs: number;
  user: number;
  conversation: number;
  seq: number;
  how: Arrival;
}

export interface JournalLine {
  atMs: number;
  user: number;
  what: string;
  /** Index of the pod; absent where none is concerned. */
  pod?: number;
}

const NO_POD = 0xffff;
const isArrival = (code: number) => code < arrivals.length;

/** The last so many things that happened to the clients of one thread, 23 bytes each: the history for the first finding. */
export class Journal {
  readonly #size: number;
  readonly #at: Float64Array;
  readonly #user: Uint32Array;
  readonly #conversation: Uint32Array;
  readonly #seq: Uint32Array;
  readonly #code: Uint8Array;
  readonly #pod: Uint16Array;
  #written = 0;

  constructor(size: number) {
    this.#size = size;
    this.#at = new Float64Array(size);
    this.#user = new Uint32Array(size);
    this.#conversation = new Uint32Array(size);
    this.#seq = new Uint32Array(size);
    this.#code = new Uint8Array(size);
    this.#pod = new Uint16Array(size);
  }

  arrival({ atMs, user, conversation, seq, how }: ArrivalLine): void {
    const i = this.#next(atMs, user, arrivals.indexOf(how));
    this.#conversation[i] = conversation;
    this.#seq[i] = seq;
    this.#pod[i] = NO_POD;
  }

  turn(atMs: number, user: number, what: Turn, pod = NO_POD): void {
    this.#pod[this.#next(atMs, user, arrivals.length + turns.indexOf(what))] = pod;
  }

  /** What happened to this entry, and the comings and goings of those people; oldest first. */
  about(conversation: number, seq: number, users: ReadonlySet<number>): JournalLine[] {
    const lines: JournalLine[] = [];
    for (let n = Math.max(0, this.#written - this.#size); n < this.#written; n += 1) {
      const i = n % this.#size;
      const code = this.#code[i]!;
      const fits = isArrival(code) ? this.#conversation[i] === conversation && this.#seq[i] === seq : users.has(this.#user[i]!);
      if (!fits) continue;
      const pod = this.#pod[i] === NO_POD ? {} : { pod: this.#pod[i]! };
      lines.push({ atMs: this.#at[i]!, user: this.#user[i]!, what: arrivals[code] ?? turns[code - arrivals.length]!, ...pod });
    }
    return lines;
  }

  /** Before this moment the journal has forgotten; 0 when it has not. */
  get forgotBeforeMs(): number {
    return this.#written > this.#size ? this.#at[this.#written % this.#size]! : 0;
  }

  #next(atMs: number, user: number, code: number): number {
    const i = this.#written % this.#size;
    this.#written += 1;
    this.#at[i] = atMs;
    this.#user[i] = user;
    this.#code[i] = code;
    return i;
  }
}
