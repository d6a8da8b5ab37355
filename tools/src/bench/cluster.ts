import { startApps } from './apps.ts';
import { type BenchOptions, median, type Result, ratio } from './report.ts';
import { benchSides, cpuPerDelivery, perSecond, type Sample, startOurs, sum } from './sides.ts';

type Rival = 'naive' | 'floor';

/** Three pods each, as processes. */
export const benchCluster = (options: BenchOptions): Promise<Result> =>
  benchSides(
    {
      title: 'cluster',
      starts: [startOurs, startApps('naive', 'naive-app.ts'), startApps('floor', 'floor-app.ts')],
      toResult: closedRows,
      targets: { ours: { p50: 10, p99: 50 } },
    },
    options,
  );

function closedRows(
  { ours, naive, floor }: Record<'ours' | Rival, Sample[]>,
  { clients, runs }: { clients: string; runs: string },
): Result {
  const outOfOrder = (samples: Sample[]) => samples.map((s) => s.outOfOrder);
  const deliveries = (samples: Sample[]) => samples.map((s) => s.deliveries);
  return {
    title: 'Acknowledged durable messages over three pods',
    setting: `${clients}, each one message at a time; 80 % direct, 19 % groups of 10, 1 % one group of 200; three pods; ${runs}; naive: Socket.IO, Redis Streams adapter, one INSERT per message; floor: what no Node server can leave out, bare ws, one INSERT per batch, one stream, and nothing promised`,
    rows: [
      { what: 'ours: acknowledged, closed loop', value: median(perSecond(ours)), unit: 'messages/s' },
      { what: 'naive: acknowledged, closed loop', value: median(perSecond(naive)), unit: 'messages/s' },
      { what: 'ours ÷ naive', value: ratio(perSecond(ours), perSecond(naive)), unit: '×', target: { atLeast: 2.5 } },
      { what: 'ours: CPU of the pods', value: median(cpuPerDelivery(ours)), unit: 'µs per delivery' },
      { what: 'naive: CPU of the pods', value: median(cpuPerDelivery(naive)), unit: 'µs per delivery' },
      {
        what: 'CPU per delivery, ours ÷ naive',
        value: ratio(cpuPerDelivery(ours), cpuPerDelivery(naive)),
        unit: '×',
        target: { atMost: 0.333 },
      },
      { what: 'floor: acknowledged, closed loop', value: median(perSecond(floor)), unit: 'messages/s' },
      { what: 'floor: CPU of the pods', value: median(cpuPerDelivery(floor)), unit: 'µs per delivery' },
      { what: 'floor ÷ naive', value: ratio(perSecond(floor), perSecond(naive)), unit: '×' },
      { what: 'CPU per delivery, floor ÷ naive', value: ratio(cpuPerDelivery(floor), cpuPerDelivery(naive)), unit: '×' },
      {
        what: 'ours: deliveries out of order, all runs',
        value: sum(outOfOrder(ours)),
        unit: `of ${sum(deliveries(ours)).toLocaleString('en-US')}`,
        target: { atMost: 0 },
      },
      {
        what: 'naive: deliveries out of order, all runs',
        value: sum(outOfOrder(naive)),
        unit: `of ${sum(deliveries(naive)).toLocaleString('en-US')}`,
      },
      { what: 'ours: then until search index and notifications were done', value: median(ours.map((s) => s.behindSeconds)), unit: 's' },
      { what: 'ours: refused sends, all runs', value: sum(ours.map((s) => s.refused)), unit: '', target: { atMost: 0 } },
    ],
    runs: {
      'ours, acknowledged/s': perSecond(ours),
      'naive, acknowledged/s': perSecond(naive),
      'floor, acknowledged/s': perSecond(floor),
      'ours, pod µs per delivery': cpuPerDelivery(ours),
      'naive, pod µs per delivery': cpuPerDelivery(naive),
      'floor, pod µs per delivery': cpuPerDelivery(floor),
      'ours, out of order': outOfOrder(ours),
      'naive, out of order': outOfOrder(naive),
    },
  };
}
