import type { AdminStats, PodFigures } from '@chatcluster/protocol';
import { expect, test } from 'vitest';
import { keepSamples, type Sample, toPoints } from './cluster-samples.ts';

const pod = (connections: number, loopLagP99Ms: number): PodFigures => ({
  podId: `pod-${connections}`,
  role: 'all',
  version: '1',
  connections,
  messagesPerSecond: 1.5,
  acceptPerSecond: 0,
  loopLagP99Ms,
  eventLoopUtilization: 0,
  heapUsedRatio: 0,
  postgres: true,
  takesSockets: true,
});
const stats = (pods: PodFigures[]) => ({ at: '2026-01-01T00:00:00.000Z', pods }) as AdminStats;

test('adds up connections and rates over the pods and takes the worst delay', () => {
  expect(keepSamples([], stats([pod(2, 5), pod(3, 11)]))).toEqual([
    { atMs: 1_767_225_600_000, connections: 5, messagesPerSecond: 3, loopLagMs: 11 },
  ]);
  expect(keepSamples([], stats([]))[0]?.loopLagMs).toBe(0);
});

test('keeps the newest sixty readings', () => {
  let samples: Sample[] = [];
  for (let i = 0; i < 70; i += 1) samples = keepSamples(samples, stats([pod(i, 0)]));
  expect(samples.length).toBe(60);
  expect(samples.at(-1)?.connections).toBe(69);
});

test('draws the newest value at the right edge and the highest at the top', () => {
  expect(toPoints([0, 10, 5], { width: 118, height: 22 })).toBe('114,21 116,1 118,11');
  expect(toPoints([], { width: 118, height: 22 })).toBe('');
});
