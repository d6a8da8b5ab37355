import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';

/** What is timed; see the README for what begins and ends each. */
export const timers = ['ack', 'delivery', 'remote', 'connect', 'catchUp', 'history'] as const;
export type Timer = (typeof timers)[number];

export const counters = [
  'sent',
  'acknowledged',
  'queued',
  'duplicates',
  'retries',
  'refused',
  'shed',
  'deliveries',
  'bySync',
  'late',
  'gaps',
  'misordered',
  'repeated',
  'connects',
  'refusedConnects',
  'drops',
  'hints',
  // To balance the pods, though moved less than five minutes ago.
  'movedAgain',
  'switches',
  'typing',
  'receipts',
  'bytes',
] as const;
export type Counter = (typeof counters)[number];
export type CounterValues = Record<Counter, number>;

/** Microseconds; beyond ten minutes nothing is told apart. */
const HIGHEST = 600_000_000;

function createHistogram(): Histogram {
  return build({ lowestDiscernibleValue: 1, highestTrackableValue: HIGHEST, numberOfSignificantValueDigits: 3, useWebAssembly: false });
}

/** One second of one thread, small enough to be sent: histograms only of what happened. */
export interface Reading {
  counters: CounterValues;
  histograms: Partial<Record<Timer, string>>;
}

export const noCounts = (): CounterValues => Object.fromEntries(counters.map((name) => [name, 0])) as CounterValues;

/** Of one thread: counters that grow, and histograms since the last reading. */
export class Meters {
  readonly counters = noCounts();
  readonly #histograms = Object.fromEntries(timers.map((name) => [name, createHistogram()])) as Record<Timer, Histogram>;

  time(name: Timer, ms: number): void {
    this.#histograms[name].recordValue(Math.min(HIGHEST, Math.max(1, Math.round(ms * 1_000))));
  }

  take(): Reading {
    const histograms: Reading['histograms'] = {};
    for (const name of timers) {
      const histogram = this.#histograms[name];
      if (histogram.totalCount === 0) continue;
      histograms[name] = encodeIntoCompressedBase64(histogram);
      histogram.reset();
    }
    return { counters: { ...this.counters }, histograms };
  }
}

/** Milliseconds. */
export interface Quantiles {
  count: number;
  p50: number;
  p90: number;
  p99: number;
  p999: number;
  max: number;
}

function toQuantiles(histogram: Histogram): Quantiles {
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1_000;
  return { count: histogram.totalCount, p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: histogram.maxValue / 1_000 };
}

/** Adds histograms of any number of threads and seconds: quantiles of the sum, never means of quantiles. */
export class Sum {
  readonly #histograms = new Map<Timer, Histogram>();

  add({ histograms }: Pick<Reading, 'histograms'>): void {
    for (const [name, text] of Object.entries(histograms) as [Timer, string][]) {
      const sum = this.#histograms.get(name) ?? createHistogram();
      this.#histograms.set(name, sum);
      sum.add(decodeFromCompressedBase64(text));
    }
  }

  quantiles(): Partial<Record<Timer, Quantiles>> {
    return Object.fromEntries([...this.#histograms].map(([name, histogram]) => [name, toQuantiles(histogram)]));
  }
}

export function sumCounters(parts: readonly CounterValues[]): CounterValues {
  const sum = noCounts();
  for (const part of parts) for (const name of counters) sum[name] += part[name];
  return sum;
}
