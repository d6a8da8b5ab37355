import type { Moment } from '../timeline.ts';
import { type Curve, type Growth, judgeGrowth } from './growth.ts';
import type { Point } from './slope.ts';

const MIB = 2 ** 20;

type PodFigures = Moment['pods'][string];

/** The longest time for which one process of that name lived: a restarted one begins anew. */
export function longestLife(timeline: readonly Moment[], id: string): Moment[] {
  const lives: Moment[][] = [];
  let cpuMs = Number.POSITIVE_INFINITY;
  for (const moment of timeline) {
    const now = moment.pods[id]?.cpuMs;
    if (now === undefined) continue;
    if (now < cpuMs) lives.push([]);
    lives.at(-1)?.push(moment);
    cpuMs = now;
  }
  return lives.sort((a, b) => b.length - a.length)[0] ?? [];
}

function pointsOf(moments: readonly Moment[], value: (moment: Moment) => number | undefined): Point[] {
  return moments.flatMap((moment) => {
    const found = value(moment);
    return found === undefined || Number.isNaN(found) ? [] : [{ t: moment.t, value: found }];
  });
}

function podCurves(timeline: readonly Moment[], id: string): Curve[] {
  const life = longestLife(timeline, id);
  const points = (value: (pod: PodFigures) => number | undefined) => pointsOf(life, ({ pods }) => pods[id] && value(pods[id]));
  return [
    { name: `memory of ${id}`, unit: 'bytes', points: points(({ rssBytes }) => rssBytes), allowed: { share: 0.05, least: 8 * MIB } },
    {
      name: `open descriptors of ${id}`,
      unit: 'count',
      points: points(({ descriptors }) => descriptors),
      allowed: { share: 0.1, least: 10 },
    },
  ];
}

function serviceCurves(timeline: readonly Moment[]): Curve[] {
  const points = (name: 'redisBytes' | 'redisKeys' | 'otherBytes') => pointsOf(timeline, ({ services }) => services?.[name]);
  return [
    { name: 'memory of Redis', unit: 'bytes', points: points('redisBytes'), allowed: { share: 0.1, least: 4 * MIB } },
    { name: 'keys of Redis', unit: 'count', points: points('redisKeys'), allowed: { share: 0.1, least: 100 } },
    { name: 'Postgres without the messages', unit: 'bytes', points: points('otherBytes'), allowed: { share: 0.1, least: 8 * MIB } },
  ];
}

/** Pure: everything that must not grow under a steady load; what happened after the load does not count. */
export function judgeSoak(timeline: readonly Moment[], loadSeconds: number): Growth[] {
  const during = timeline.filter(({ t }) => t < loadSeconds);
  const pods = [...new Set(during.flatMap(({ pods: figures }) => Object.keys(figures)))].sort();
  return [...pods.flatMap((id) => podCurves(during, id)), ...serviceCurves(during)]
    .filter(({ points }) => points.length > 0)
    .map((curve) => judgeGrowth(curve));
}

/** What a stored message costs in Postgres: the one size that has to grow. */
export function bytesPerMessage(timeline: readonly Moment[]): number | undefined {
  const sized = timeline.filter(({ services }) => services?.historyBytes !== undefined);
  const [first, last] = [sized[0], sized.at(-1)];
  if (!first || !last) return undefined;
  const acknowledged = timeline.filter(({ t }) => t > first.t && t <= last.t).reduce((sum, { counts }) => sum + counts.acknowledged, 0);
  return acknowledged > 0 ? ((last.services?.historyBytes ?? 0) - (first.services?.historyBytes ?? 0)) / acknowledged : undefined;
}
