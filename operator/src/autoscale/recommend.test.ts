import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { recommend } from './recommend.ts';
import { emptyHistory, type History, type Observation, type PodSample, type ScalingSpec } from './types.ts';

const spec: ScalingSpec = {
  minReplicas: 2,
  maxReplicas: 20,
  targets: { connectionsPerPod: 1_000, eventLoopUtilizationPercent: 65, heapPercent: 75 },
  behavior: {
    scaleUp: { stabilizationWindowSeconds: 0, policies: [] },
    scaleDown: { stabilizationWindowSeconds: 300, policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }] },
    tolerancePercent: 10,
  },
  forecast: { enabled: true },
};

function pods(...connections: number[]): PodSample[] {
  return connections.map((count, index) => ({ name: `pod-${index}`, isReady: true, load: load(count) }));
}

function load(connections: number) {
  return { connections, acceptPerSecond: 0, eventLoopUtilization: 0.1, heapUsedRatio: 0.2 };
}

function observe(samples: PodSample[], more: Partial<Observation> = {}): Observation {
  return { replicas: samples.length, pods: samples, podStartSeconds: 2, isRollingOut: false, ...more };
}

const seconds = (count: number) => count * 1_000;
/** Long ago enough for every window. */
const calm: History = { recommendations: [{ atMs: -seconds(10_000), replicas: 1 }], changes: [] };

describe('recommend', () => {
  it('asks for as many pods as the connections need', () => {
    const { desired, signal } = recommend(calm, observe(pods(1_900, 1_900)), spec, 0);
    assert.deepEqual([desired, signal], [4, 'connections']);
  });

  it('follows the signal that asks for the most', () => {
    const samples = pods(100, 100).map((pod) => ({ ...pod, load: { ...load(100), eventLoopUtilization: 0.95 } }));
    const { desired, signal } = recommend(calm, observe(samples), spec, 0);
    assert.deepEqual([desired, signal], [3, 'eventLoopUtilization']);
  });

  it('makes room for those who arrive while a pod starts', () => {
    const samples = pods(950, 950).map((pod) => ({ ...pod, load: { ...load(950), acceptPerSecond: 100 } }));
    const { desired, signal } = recommend(calm, observe(samples, { podStartSeconds: 5 }), spec, 0);
    assert.deepEqual([desired, signal], [3, 'forecast']);
    const without = recommend(calm, observe(samples, { podStartSeconds: 5 }), { ...spec, forecast: { enabled: false } }, 0);
    assert.equal(without.desired, 2);
  });

  it('stays within the tolerance', () => {
    assert.equal(recommend(calm, observe(pods(1_090, 1_090)), spec, 0).desired, 2);
    assert.equal(recommend(calm, observe(pods(1_110, 1_110)), spec, 0).desired, 3);
  });

  it('counts starting pods as room that is on its way', () => {
    const starting: PodSample[] = [...pods(1_800, 1_800), { name: 'new-1', isReady: false }, { name: 'new-2', isReady: false }];
    assert.equal(recommend(calm, observe(starting), spec, 0).desired, 4);
  });

  it('takes one pod a minute away, after the window', () => {
    const first = recommend(calm, observe(pods(10, 10, 10, 10)), spec, 0);
    assert.deepEqual([first.desired, first.limit], [3, 'ScaleDownLimit']);
    const second = recommend(first.history, observe(pods(10, 10, 10)), spec, seconds(59));
    assert.equal(second.desired, 3);
    assert.equal(recommend(second.history, observe(pods(10, 10, 10)), spec, seconds(61)).desired, 2);
  });

  it('takes nothing away within one window of its first look', () => {
    const { desired, limit } = recommend(emptyHistory, observe(pods(10, 10, 10, 10)), spec, 0);
    assert.deepEqual([desired, limit], [4, 'Stabilized']);
  });

  it('takes nothing away while a ready pod does not answer', () => {
    const samples: PodSample[] = [...pods(10, 10, 10), { name: 'silent', isReady: true }];
    const { desired, limit } = recommend(calm, observe(samples), spec, 0);
    assert.deepEqual([desired, limit], [4, 'MissingData']);
  });

  it('still grows while a pod does not answer', () => {
    const samples: PodSample[] = [...pods(3_000, 3_000), { name: 'silent', isReady: true }];
    assert.equal(recommend(calm, observe(samples), spec, 0).desired, 6);
  });

  it('takes nothing away during a rollout', () => {
    const { desired, limit } = recommend(calm, observe(pods(10, 10, 10, 10), { isRollingOut: true }), spec, 0);
    assert.deepEqual([desired, limit], [4, 'RollingOut']);
  });

  it('says when the bounds decide', () => {
    assert.equal(recommend(calm, observe(pods(90_000, 90_000)), spec, 0).limit, 'TooManyReplicas');
    assert.equal(recommend(calm, observe(pods(1, 1)), spec, 0).limit, 'TooFewReplicas');
  });

  it('obeys a percent policy for growth', () => {
    const slow = {
      ...spec,
      behavior: {
        ...spec.behavior,
        scaleUp: { stabilizationWindowSeconds: 0, policies: [{ type: 'Percent' as const, value: 50, periodSeconds: 60 }] },
      },
    };
    const { desired, limit } = recommend(calm, observe(pods(9_000, 9_000)), slow, 0);
    assert.deepEqual([desired, limit], [3, 'ScaleUpLimit']);
  });

  it('goes to the bound at once when it was edited', () => {
    assert.equal(recommend(emptyHistory, observe(pods(10, 10, 10, 10)), { ...spec, maxReplicas: 3 }, 0).desired, 3);
    assert.equal(recommend(emptyHistory, observe(pods(10)), { ...spec, minReplicas: 3 }, 0).desired, 3);
  });
});

const sample = fc.record({
  name: fc.string({ minLength: 1, maxLength: 5 }),
  isReady: fc.boolean(),
  load: fc.option(
    fc.record({
      connections: fc.integer({ min: 0, max: 50_000 }),
      acceptPerSecond: fc.double({ min: 0, max: 10_000, noNaN: true }),
      eventLoopUtilization: fc.double({ min: 0, max: 1, noNaN: true }),
      heapUsedRatio: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    { nil: undefined },
  ),
});
const observation = fc.record({
  replicas: fc.integer({ min: 0, max: 40 }),
  pods: fc.array(sample, { maxLength: 40 }),
  podStartSeconds: fc.integer({ min: 0, max: 60 }),
  isRollingOut: fc.boolean(),
});

describe('any course of observations', () => {
  it('never leaves the bounds, never shrinks on missing data, never shrinks faster than allowed', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(observation, fc.integer({ min: 1, max: 400 })), { maxLength: 30 }), (steps) => {
        let history = emptyHistory;
        let nowMs = 0;
        for (const [seen, waited] of steps) {
          nowMs += seconds(waited);
          const { desired, history: next } = recommend(history, seen, spec, nowMs);
          history = next;
          assert.ok(desired >= spec.minReplicas && desired <= spec.maxReplicas);
          const isBlind = seen.pods.some((pod) => pod.isReady && pod.load === undefined) || seen.pods.every((pod) => !pod.isReady);
          const floor = Math.min(seen.replicas, spec.maxReplicas);
          if (isBlind || seen.isRollingOut) assert.ok(desired >= floor, `went from ${seen.replicas} to ${desired} without data`);
          assert.ok(desired >= floor - 1, `went from ${seen.replicas} to ${desired} at once`);
          assert.ok(history.recommendations.length < 400 && history.changes.length < 100);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** Connections spread evenly; new pods are ready one reading later. */
function simulate(offered: (second: number) => number, readings: number): number[] {
  let history = emptyHistory;
  let replicas = spec.minReplicas;
  let ready = replicas;
  const course: number[] = [];
  for (let step = 0; step < readings; step += 1) {
    const each = offered(step * 15) / ready;
    const samples: PodSample[] = Array.from({ length: replicas }, (_, index) =>
      index < ready ? { name: `pod-${index}`, isReady: true, load: load(each) } : { name: `pod-${index}`, isReady: false },
    );
    const { desired, history: next } = recommend(history, observe(samples), spec, seconds(step * 15));
    history = next;
    ready = Math.min(replicas, desired);
    replicas = desired;
    course.push(replicas);
  }
  return course;
}

describe('simulated days', () => {
  it('converges on what the load needs, and back', () => {
    const course = simulate((second) => (second < 1_800 ? 7_500 : 2_400), 400);
    assert.equal(course[100], 8);
    assert.equal(course.at(-1), 3);
  });

  it('does not flap on noise', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.9, max: 1.1, noNaN: true }), { minLength: 240, maxLength: 240 }), (noise) => {
        const course = simulate((second) => 6_000 * (noise[second / 15] ?? 1), 240);
        const turns = course.slice(40).filter((replicas, index, rest) => index > 0 && replicas !== rest[index - 1]).length;
        assert.ok(turns <= 4, `changed its mind ${turns} times in 50 minutes: ${course.join(' ')}`);
      }),
      { numRuns: 50 },
    );
  });

  it('always reaches a steady number for a steady load', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30_000 }), (connections) => {
        const course = simulate(() => connections, 200);
        assert.equal(new Set(course.slice(-60)).size, 1, course.join(' '));
        const carried = Math.min(spec.maxReplicas, connections / 1_000);
        assert.ok((course.at(-1) ?? 0) * 1.1 >= carried);
      }),
      { numRuns: 100 },
    );
  });
});
