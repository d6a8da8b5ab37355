import { startCentrifuge } from './peers/centrifuge.ts';
import { startTinode } from './peers/tinode.ts';
import { type BenchOptions, median, type Result, type Row, ratio } from './report.ts';
import { benchSides, cpuPerDelivery, perSecond, type Sample, startOurs, sum } from './sides.ts';

type Name = 'ours' | 'Tinode' | 'centrifuge';

/** Our three pods and two servers of others, three nodes each. */
export const benchPeers = (options: BenchOptions): Promise<Result> =>
  benchSides({ title: 'peers', starts: [startOurs, startTinode, startCentrifuge], toResult, targets: {} }, options);

function toResult(samples: Record<Name, Sample[]>, { clients, runs }: { clients: string; runs: string }): Result {
  const tinode =
    'Tinode 0.25.3: a cluster on the same Postgres that stores before it acknowledges, 10 connections a node as ours, its log thrown away, its clients not on `me`';
  const centrifuge =
    'centrifuge: a program of ours on the library 0.40.1 with its Redis broker and without history; it stores nothing, so that it has no target: acknowledged is what Redis has taken, what a node misses is lost, and out of order is what two members saw in different orders';
  return {
    title: 'Acknowledged messages over three nodes, beside servers of others',
    setting: `${clients}, each one message at a time; 80 % direct, 19 % groups of 10, 1 % one group of 200; three nodes; ${runs}; ${tinode}; ${centrifuge}`,
    rows: rowsOf(samples),
    runs: Object.fromEntries(
      Object.entries(samples).flatMap(([name, of]) => [
        [`${name}, acknowledged/s`, perSecond(of)],
        [`${name}, node µs per delivery`, cpuPerDelivery(of)],
        [`${name}, out of order`, of.map((s) => s.outOfOrder)],
        [`${name}, refused`, of.map((s) => s.refused)],
        [`${name}, unanswered`, of.map((s) => s.unanswered)],
      ]),
    ),
  };
}

function rowsOf(samples: Record<Name, Sample[]>): Row[] {
  const { ours, Tinode, centrifuge } = samples;
  const sides = Object.entries(samples);
  const each = (what: string, unit: string, value: (of: Sample[]) => number): Row[] =>
    sides.map(([name, of]) => ({ what: `${name}: ${what}`, value: value(of), unit }));
  const total = (of: Sample[], key: 'acked' | 'deliveries' | 'outOfOrder' | 'refused' | 'unanswered') => sum(of.map((s) => s[key]));
  return [
    ...each('acknowledged, closed loop', 'messages/s', (of) => median(perSecond(of))),
    { what: 'ours ÷ Tinode', value: ratio(perSecond(ours), perSecond(Tinode)), unit: '×', target: { atLeast: 5 } },
    { what: 'ours ÷ centrifuge', value: ratio(perSecond(ours), perSecond(centrifuge)), unit: '×' },
    ...each('CPU of the nodes', 'µs per delivery', (of) => median(cpuPerDelivery(of))),
    { what: 'CPU per delivery, ours ÷ Tinode', value: ratio(cpuPerDelivery(ours), cpuPerDelivery(Tinode)), unit: '×' },
    { what: 'CPU per delivery, ours ÷ centrifuge', value: ratio(cpuPerDelivery(ours), cpuPerDelivery(centrifuge)), unit: '×' },
    ...each('deliveries per acknowledged message', '', (of) => total(of, 'deliveries') / total(of, 'acked')),
    ...sides.map(([name, of]) => ({
      what: `${name}: deliveries out of order, all runs`,
      value: total(of, 'outOfOrder'),
      unit: `of ${total(of, 'deliveries').toLocaleString('en-US')}`,
    })),
    ...each('refused or unanswered sends, all runs', '', (of) => total(of, 'refused') + total(of, 'unanswered')),
  ];
}
