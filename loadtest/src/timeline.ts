import { type CounterValues, counters, type Quantiles, Sum, sumCounters, type Timer } from './meters.ts';
import type { PodSample, Sample } from './sampler.ts';
import type { ServicesSample } from './soak/services.ts';
import type { ThreadReading } from './thread-calls.ts';

/** One second of the run. */
export interface Moment {
  /** Seconds since the load began. */
  t: number;
  /** What happened in this second. */
  counts: CounterValues;
  live: number;
  unsent: number;
  loopLagMs: number;
  times: Partial<Record<Timer, Quantiles>>;
  /** Our clients by pod, as the pods called themselves. */
  byPod: Record<string, number>;
  pods: Record<string, PodSample & { cpuShare?: number }>;
  services?: ServicesSample;
}

/** Readings come within a second or two; a thread that is later still is only counted. */
const OPEN_SECONDS = 10;

interface Cell {
  /** Half a megabyte of histograms; only the quantiles are kept of what is long past. */
  sum: Sum | undefined;
  times?: Moment['times'];
  readings: Map<number, ThreadReading>;
  sample?: { atMs: number; pods: Sample };
  services?: ServicesSample;
}

/** Puts the readings of all threads and the samples of all pods into seconds. */
export class Timeline {
  readonly totals = new Sum();
  readonly #cells = new Map<number, Cell>();
  readonly #latest = new Map<number, ThreadReading>();
  /** The last readings before the load: counters go on from there. */
  readonly #before = new Map<number, ThreadReading>();
  #startedAtMs = Number.POSITIVE_INFINITY;

  begin(nowMs: number): void {
    this.#startedAtMs = nowMs;
  }

  get latest(): ThreadReading[] {
    return [...this.#latest.values()];
  }

  addReading(thread: number, reading: ThreadReading): void {
    this.#latest.set(thread, reading);
    // Connecting is timed from the very first client on; the rest begins with the load.
    this.totals.add(reading);
    if (reading.atMs < this.#startedAtMs) return void this.#before.set(thread, reading);
    const cell = this.#cell(reading.atMs);
    cell.sum?.add(reading);
    cell.readings.set(thread, reading);
  }

  addSample(atMs: number, pods: Sample): void {
    if (atMs >= this.#startedAtMs) this.#cell(atMs).sample = { atMs, pods };
  }

  addServices(atMs: number, services: ServicesSample): void {
    if (atMs >= this.#startedAtMs) this.#cell(atMs).services = services;
  }

  #cell(atMs: number): Cell {
    const second = Math.floor((atMs - this.#startedAtMs) / 1_000);
    const known = this.#cells.get(second);
    if (known) return known;
    const cell: Cell = { sum: new Sum(), readings: new Map() };
    this.#cells.set(second, cell);
    this.#close(second - OPEN_SECONDS);
    return cell;
  }

  #close(second: number): void {
    const old = this.#cells.get(second);
    if (!old?.sum) return;
    old.times = old.sum.quantiles();
    old.sum = undefined;
  }

  moments(): Moment[] {
    const last = new Map(this.#before);
    let sampled: Cell['sample'];
    let before = sumCounters([...last.values()].map((reading) => reading.counters));
    return [...this.#cells]
      .sort(([a], [b]) => a - b)
      .map(([t, { sum, times, readings, sample, services }]) => {
        for (const [thread, reading] of readings) last.set(thread, reading);
        const now = sumCounters([...last.values()].map((reading) => reading.counters));
        const counts = minus(now, before);
        before = now;
        const pods = withCpu(sample, sampled);
        sampled = sample ?? sampled;
        const all = [...last.values()];
        return {
          t,
          counts,
          live: total(all.map(({ live }) => live)),
          unsent: total(all.map(({ unsent }) => unsent)),
          loopLagMs: Math.max(0, ...all.map(({ loopLagMs }) => loopLagMs)),
          times: times ?? sum?.quantiles() ?? {},
          byPod: addPods(all.map(({ byPod }) => byPod)),
          pods,
          ...(services && { services }),
        };
      });
  }
}

const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);

function minus(now: CounterValues, before: CounterValues): CounterValues {
  return Object.fromEntries(counters.map((name) => [name, now[name] - before[name]])) as CounterValues;
}

function addPods(parts: Record<string, number>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const part of parts) for (const [id, count] of Object.entries(part)) sum[id] = (sum[id] ?? 0) + count;
  return sum;
}

/** CPU as a share of one core; a restarted process begins again and has none in that second. */
function withCpu(now: Cell['sample'], before: Cell['sample']): Moment['pods'] {
  return Object.fromEntries(
    Object.entries(now?.pods ?? {}).map(([id, pod]) => {
      const earlier = before?.pods[id]?.cpuMs;
      const spent = pod.cpuMs === undefined || earlier === undefined ? undefined : pod.cpuMs - earlier;
      const isKnown = spent !== undefined && spent >= 0 && now && before;
      return [id, { ...pod, ...(isKnown && { cpuShare: spent / (now.atMs - before.atMs) }) }];
    }),
  );
}
