import type { Quantiles, Timer } from '../meters.ts';
import type { PodSample } from '../sampler.ts';
import type { Moment } from '../timeline.ts';
import { type ChartOptions, type Mark, renderChart, type Series } from './chart.ts';
import type { Report } from './create.ts';

const MIB = 2 ** 20;

function line(report: Report, name: string, value: (moment: Moment) => number | undefined, isDashed = false): Series {
  return { name, isDashed, points: report.timeline.map((moment) => [moment.t, value(moment)]) };
}

const quantile = (timer: Timer, name: keyof Quantiles) => (moment: Moment) => moment.times[timer]?.[name];

const inMib = (name: 'redisBytes' | 'historyBytes' | 'otherBytes') => (moment: Moment) => {
  const bytes = moment.services?.[name];
  return bytes === undefined ? undefined : bytes / MIB;
};

/** Weighed every few seconds only: the line goes on from one weighing to the next. */
const withoutGaps = (series: Series): Series => ({ ...series, points: series.points.filter(([, value]) => value !== undefined) });

function podIds({ timeline }: Report): string[] {
  return [...new Set(timeline.flatMap(({ pods }) => Object.keys(pods)))].sort();
}

function perPod(report: Report, value: (pod: NonNullable<Moment['pods'][string]>) => number | undefined): Series[] {
  return podIds(report).map((id) => line(report, id, ({ pods }) => pods[id] && value(pods[id])));
}

/** What the pods say of themselves; where they cannot be asked, what our clients know. */
function connections(report: Report): Series[] {
  const said = perPod(report, (pod: PodSample) => pod.connections);
  if (said.some(({ points }) => points.some(([, value]) => value !== undefined))) return said;
  const ids = [...new Set(report.timeline.flatMap(({ byPod }) => Object.keys(byPod)))].sort();
  return ids.map((id) => line(report, id, ({ byPod }) => byPod[id] ?? 0));
}

function latency(report: Report, earlier: Report | undefined): Series[] {
  return [
    line(report, 'applied, p99', quantile('delivery', 'p99')),
    line(report, 'applied, p50', quantile('delivery', 'p50')),
    line(report, 'acknowledged, p99', quantile('ack', 'p99')),
    line(report, 'acknowledged, p50', quantile('ack', 'p50')),
    ...(earlier ? [line(earlier, 'applied, p99, earlier run', quantile('delivery', 'p99'), true)] : []),
  ];
}

export function renderCharts(report: Report, earlier: Report | undefined): string {
  const marks: Mark[] = report.faults.map(({ kind, from, to, target }) => ({ from, to, label: target ? `${kind} (${target})` : kind }));
  const seconds = Math.max(report.seconds, (report.timeline.at(-1)?.t ?? 0) + 1);
  const charts: Pick<ChartOptions, 'title' | 'unit' | 'series' | 'isLogarithmic'>[] = [
    {
      title: 'Latency, from the intended moment of sending',
      unit: 'ms, logarithmic',
      series: latency(report, earlier),
      isLogarithmic: true,
    },
    {
      title: 'Messages',
      unit: 'per second',
      series: [
        line(report, 'sent', ({ counts }) => counts.sent),
        line(report, 'acknowledged', ({ counts }) => counts.acknowledged),
        line(report, 'waiting for an acknowledgement', ({ unsent }) => unsent),
      ],
    },
    {
      title: 'Deliveries',
      unit: 'per second',
      series: [
        line(report, 'all', ({ counts }) => counts.deliveries),
        line(report, 'of these by sync', ({ counts }) => counts.bySync),
        ...(earlier ? [line(earlier, 'all, earlier run', ({ counts }) => counts.deliveries, true)] : []),
      ],
    },
    { title: 'Connections per pod', unit: 'sockets', series: connections(report) },
    { title: 'CPU per pod', unit: '% of a core', series: perPod(report, ({ cpuShare }) => cpuShare && cpuShare * 100) },
    { title: 'Memory per pod', unit: 'MiB resident', series: perPod(report, ({ rssBytes }) => rssBytes && rssBytes / MIB) },
    { title: 'Open descriptors per pod', unit: 'files and sockets', series: perPod(report, ({ descriptors }) => descriptors) },
    {
      title: 'What Redis and Postgres hold',
      unit: 'MiB',
      series: [
        line(report, 'Redis', inMib('redisBytes')),
        line(report, 'Postgres, messages', inMib('historyBytes')),
        line(report, 'Postgres, all else', inMib('otherBytes')),
      ].map(withoutGaps),
    },
    {
      title: 'The generator itself',
      unit: 'ms that its threads were late at worst; high values belong to the client machine, not to the server',
      series: [line(report, 'loop lag', ({ loopLagMs }) => loopLagMs)],
    },
  ];
  return charts.map((chart) => renderChart({ ...chart, marks, seconds, loadSeconds: report.seconds })).join('\n');
}
