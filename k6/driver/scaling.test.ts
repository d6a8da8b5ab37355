import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseSettings } from '../lib/settings.ts';
import type { Report } from '../lib/summary.ts';
import { judge, type Step, toRows, toStep, withEfficiency } from './scaling.ts';

function report(delivered: number, cpuMs?: number, p99 = 20): Report {
  return {
    scenario: 'horizontal-scaling',
    ok: true,
    settings: parseSettings({ URL: 'http://a' }),
    clients: 50,
    seconds: 40,
    acknowledgedPerSecond: delivered / 100,
    deliveredPerSecond: delivered / 10,
    metrics: {
      delivered: { count: delivered },
      send_ack_ms: { 'p(99)': p99 },
      delivery_ms: { 'p(99)': p99 },
      ...(cpuMs ? { pod_cpu_ms: { count: cpuMs } } : {}),
    },
    refusedBy: {},
    thresholds: [],
  };
}
const curve = (...points: [pods: number, report: Report][]): Step[] => withEfficiency(points.map(([pods, made]) => toStep(pods, made)));
const missed = (steps: Step[]) =>
  judge(steps, { efficiency: 0.85, p99Ms: 250 })
    .filter(({ ok }) => !ok)
    .map(({ rule }) => rule);

it('compares deliveries with the first step, CPU with two pods', () => {
  const steps = curve([1, report(1_000, 500)], [2, report(2_000, 1_200)], [4, report(3_200, 2_400)]);
  assert.deepEqual(
    steps.map(({ efficiency }) => efficiency),
    [1, 1, 0.8],
  );
  assert.deepEqual(
    steps.map(({ cpuEfficiency }) => cpuEfficiency),
    [undefined, 1, 0.8],
  );
  assert.deepEqual(missed(steps), [
    '4 pods: deliveries per pod at least 85 % of the first step',
    '4 pods: CPU per delivery at least 85 % as good as with 2',
  ]);
});

it('leaves CPU out where it could not be measured', () => {
  const steps = curve([1, report(1_000)], [2, report(2_000)]);
  assert.deepEqual(missed(steps), []);
  assert.equal(toRows(steps)[2]!.at(-1), '-');
});

it('misses the rule of a step that is too slow, and of one that has no measurements at all', () => {
  assert.deepEqual(missed(curve([1, report(1_000, undefined, 300)])), ['1 pod: p99 of acks and deliveries below 250 ms']);
  const empty = { ...report(1_000), metrics: {} };
  assert.deepEqual(missed(curve([1, empty])), ['1 pod: p99 of acks and deliveries below 250 ms']);
});
