import { timers } from '../meters.ts';
import { wrongCount } from '../oracle/verdict.ts';
import type { Report } from './create.ts';
import { timerNames } from './words.ts';

type Row = [name: string, before: number | undefined, now: number | undefined, ratio: number | undefined];

/** CPU of all pods for one delivery, in microseconds; only where CPU is known for the whole run. */
function cpuPerDelivery({ timeline, counters }: Report): number | undefined {
  const shares = timeline.flatMap(({ pods }) => Object.values(pods).map(({ cpuShare }) => cpuShare ?? 0));
  const seconds = shares.reduce((sum, share) => sum + share, 0);
  return seconds > 0 && counters.deliveries > 0 ? (seconds * 1e6) / counters.deliveries : undefined;
}

/** Pure: the figures of two runs side by side. */
export function compareRuns(now: Report, before: Report): Row[] {
  const row = (name: string, value: (report: Report) => number | undefined): Row => {
    const [then, current] = [value(before), value(now)];
    return [name, then, current, then && current !== undefined ? current / then : undefined];
  };
  return [
    row('findings of the oracle', ({ verdict }) => wrongCount(verdict)),
    row('acknowledged per second', ({ counters, seconds }) => counters.acknowledged / seconds),
    row('deliveries per second', ({ counters, seconds }) => counters.deliveries / seconds),
    ...timers.flatMap((name) => [
      row(`${timerNames[name]}, p50 ms`, ({ times }) => times[name]?.p50),
      row(`${timerNames[name]}, p99 ms`, ({ times }) => times[name]?.p99),
    ]),
    row('CPU of the pods per delivery, µs', cpuPerDelivery),
    row('refused sends', ({ counters }) => counters.refused),
    row('lost connections', ({ counters }) => counters.drops),
  ];
}
