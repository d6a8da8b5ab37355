import { cpus } from 'node:os';
import type { FaultRecord } from '../faults/injector.ts';
import type { PlannedFault } from '../faults/plan.ts';
import { type CounterValues, type Quantiles, sumCounters, type Timer } from '../meters.ts';
import type { Verdict } from '../oracle/verdict.ts';
import type { RunResult } from '../run.ts';
import type { Settings } from '../settings.ts';
import { bytesPerMessage, judgeSoak } from '../soak/curves.ts';
import type { Growth } from '../soak/growth.ts';
import type { Target } from '../target.ts';
import type { Moment } from '../timeline.ts';

export const REPORT_VERSION = 1;

/** What is kept of a run; everything in the page is drawn from it. */
export interface Report {
  version: typeof REPORT_VERSION;
  startedAt: string;
  machine: { cores: number; cpu: string; node: string };
  target: { from: string; urls: string[] };
  settings: Settings;
  population: RunResult['population'];
  /** Seconds. */
  seconds: number;
  settledAfter: number;
  notConnected: number;
  unanswered: number;
  counters: CounterValues;
  times: Partial<Record<Timer, Quantiles>>;
  refusals: Record<string, number>;
  plan: PlannedFault[];
  faults: FaultRecord[];
  verdict: Verdict;
  story: string[];
  timeline: Moment[];
  /** Whether anything grows that must not; judged when the load was a soak, else for information. */
  growth: Growth[];
  bytesPerMessage?: number;
}

export function createReport({ settings, target, result }: { settings: Settings; target: Target; result: RunResult }): Report {
  const { timeline, ...rest } = result;
  const moments = timeline.moments();
  return {
    version: REPORT_VERSION,
    machine: { cores: cpus().length, cpu: cpus()[0]?.model ?? '', node: process.version },
    target: { from: target.from, urls: target.urls },
    settings,
    counters: sumCounters(timeline.latest.map(({ counters }) => counters)),
    times: timeline.totals.quantiles(),
    ...rest,
    timeline: moments,
    growth: judgeSoak(moments, result.seconds),
    bytesPerMessage: bytesPerMessage(moments),
  };
}
