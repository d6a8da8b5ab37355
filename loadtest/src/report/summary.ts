import { timers } from '../meters.ts';
import { type FindingKind, findingKinds, wrongCount } from '../oracle/verdict.ts';
import type { Report } from './create.ts';
import { formatAmount, growthWords, timerNames } from './words.ts';

const number = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 2 : 0 });

function summarizeGrowth({ growth, settings }: Report): string[] {
  if (!settings.isSoak) return [];
  return growth.map(
    ({ name, unit, perHour, grew, allowed, verdict }) =>
      `  ${growthWords[verdict].padEnd(18)} ${name.padEnd(32)} ${formatAmount(perHour, unit)} per hour, grew ${formatAmount(grew, unit)} of ${formatAmount(allowed, unit)}`,
  );
}

/** The result in the terminal. */
export function summarize(report: Report, earlier?: Report): string[] {
  const { verdict, counters, times, refusals, story, seconds, notConnected, unanswered } = report;
  const rows = timers.flatMap((name) => {
    const now = times[name];
    const then = earlier?.times[name];
    if (!now) return [];
    const before = then ? `  (before: ${number(then.p50)}, ${number(then.p99)})` : '';
    return [
      `  ${timerNames[name].padEnd(34)} p50 ${number(now.p50).padStart(8)} ms   p99 ${number(now.p99).padStart(8)} ms   max ${number(now.max).padStart(8)} ms${before}`,
    ];
  });
  const wrong = (Object.keys(findingKinds) as FindingKind[]).filter((kind) => verdict.counts[kind] > 0);
  return [
    `${number(counters.acknowledged)} messages acknowledged (${number(counters.acknowledged / seconds)}/s), ${number(counters.deliveries)} deliveries, ${counters.refused} refused, ${counters.retries} sent again`,
    ...Object.entries(refusals).map(([code, count]) => `  refused with ${code}: ${count}`),
    ...rows,
    `oracle: ${number(verdict.acknowledged)} acknowledged messages × their members = ${number(verdict.deliveries)} deliveries checked, ${number(verdict.late)} late`,
    ...(notConnected > 0 ? [`${notConnected} people could not connect at the end`] : []),
    ...(unanswered > 0 ? [`${unanswered} sends got no answer`] : []),
    ...(wrongCount(verdict) === 0
      ? ['nothing lost, nothing twice, nothing out of order, nothing missing']
      : wrong.map((kind) => `  WRONG ${verdict.counts[kind]}: ${findingKinds[kind]}`)),
    ...summarizeGrowth(report),
    ...(story.length > 0 ? ['', wrong.length > 0 ? 'the first of them:' : 'the latest delivery:', ...story] : []),
  ];
}
