import type { ThreadReading } from './thread-calls.ts';

const PLAIN_EVERY_MS = 5_000;
const CLEAR_LINE = '\r\u001b[2K';

interface Output {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** One line that changes on a terminal; elsewhere a line every few seconds. */
export class Progress {
  readonly #output: Output;
  readonly #now: () => number;
  #saidAtMs = Number.NEGATIVE_INFINITY;

  constructor(output: Output, now: () => number) {
    this.#output = output;
    this.#now = now;
  }

  /** May be overwritten by the next, or left out. */
  update(text: string): void {
    if (this.#output.isTTY) {
      this.#output.write(`${CLEAR_LINE}${text.slice(0, (this.#output.columns ?? 120) - 1)}`);
      return;
    }
    const now = this.#now();
    if (now - this.#saidAtMs < PLAIN_EVERY_MS) return;
    this.#saidAtMs = now;
    this.#output.write(`${text}\n`);
  }

  /** Stays. */
  say(text: string): void {
    this.#output.write(this.#output.isTTY ? `${CLEAR_LINE}${text}\n` : `${text}\n`);
  }
}

const sum = (readings: readonly ThreadReading[], value: (reading: ThreadReading) => number) =>
  readings.reduce((total, reading) => total + value(reading), 0);

/** What the line says while the load runs. */
export function describe(
  readings: readonly ThreadReading[],
  before: { acknowledged: number; deliveries: number },
  seconds: number,
): string {
  const acknowledged = sum(readings, ({ counters }) => counters.acknowledged);
  const deliveries = sum(readings, ({ counters }) => counters.deliveries);
  const wrong = sum(readings, (reading) => reading.wrong);
  const perSecond = (now: number, then: number) => Math.max(0, Math.round((now - then) / seconds));
  return [
    // First: a narrow terminal cuts the end off.
    wrong === 0 ? 'nothing wrong' : `${wrong} WRONG`,
    `${sum(readings, ({ live }) => live)} online`,
    `${perSecond(acknowledged, before.acknowledged)} acknowledged/s`,
    `${perSecond(deliveries, before.deliveries)} deliveries/s`,
    `${sum(readings, ({ unsent }) => unsent)} waiting`,
  ].join(', ');
}
