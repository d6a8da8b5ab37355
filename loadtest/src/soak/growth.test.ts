import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createRandom, type Random } from '../random.ts';
import { type Curve, judgeGrowth } from './growth.ts';
import { fitSlope, thin } from './slope.ts';

const MIB = 2 ** 20;
const seconds = 3_600;
const allowed = { share: 0.05, least: 4 * MIB };

function curve(value: (t: number, random: Random) => number, { length = seconds, seed = 1 } = {}): Curve {
  const random = createRandom(seed);
  return {
    name: 'memory of pod-0',
    unit: 'bytes',
    allowed,
    points: Array.from({ length }, (_, t) => ({ t, value: value(t, random) })),
  };
}

describe('an hour of samples', () => {
  const base = 120 * MIB;
  /** A heap that grows for a minute and is swept, by 30 MiB each time. */
  const teeth = (t: number) => ((t % 60) / 60) * 30 * MIB;
  const noise = (random: Random) => (random() - 0.5) * 8 * MIB;
  const cases: Record<string, { value: (t: number, random: Random) => number; verdict: string }> = {
    'of a constant is flat': { value: () => base, verdict: 'flat' },
    'of noise and the teeth of a garbage collector is flat': { value: (t, random) => base + noise(random) + teeth(t), verdict: 'flat' },
    'that warms up and then stays is flat': {
      value: (t, random) => base - 60 * MIB * Math.exp(-t / 150) + noise(random),
      verdict: 'flat',
    },
    'that shrinks is flat': { value: (t) => base - (t / seconds) * 40 * MIB, verdict: 'flat' },
    'with a leak of 20 MiB an hour under noise and teeth grows': {
      value: (t, random) => base + (t / seconds) * 20 * MIB + noise(random) + teeth(t),
      verdict: 'grows',
    },
    'with a leak, and outages in which it seems empty, grows': {
      value: (t) => (t % 300 < 20 ? 0 : base + (t / seconds) * 20 * MIB),
      verdict: 'grows',
    },
    'with growth within what is allowed is flat': { value: (t) => base + (t / seconds) * 5 * MIB, verdict: 'flat' },
  };
  for (const [name, { value, verdict }] of Object.entries(cases))
    test(name, () => {
      const growth = judgeGrowth(curve(value));
      assert.equal(growth.verdict, verdict, JSON.stringify(growth));
    });
});

test('too few samples are not judged', () => {
  assert.equal(judgeGrowth(curve((t) => t * MIB, { length: 15 })).verdict, 'too short');
  assert.equal(judgeGrowth(curve(() => 0, { length: 0 })).verdict, 'too short');
});

test('the growth is told per hour, and over the time that was judged', () => {
  const growth = judgeGrowth(curve((t) => 100 * MIB + (t / seconds) * 40 * MIB));
  assert.ok(Math.abs(growth.perHour / MIB - 40) < 0.1, `${growth.perHour}`);
  assert.ok(Math.abs(growth.grew / MIB - 30) < 0.2, `${growth.grew}`);
  assert.ok(Math.abs(growth.level / MIB - 140) < 1, `${growth.level}`);
});

test('the slope of a straight line is found exactly, whatever a quarter of the points says', () => {
  fc.assert(
    fc.property(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 0, max: 1_000 }), (slope, start) => {
      const points = Array.from({ length: 60 }, (_, t) => ({ t, value: t % 4 === 0 ? 1e6 : start + slope * t }));
      assert.ok(Math.abs(fitSlope(points)!.value - slope) < 1e-6);
    }),
  );
  assert.equal(fitSlope([{ t: 0, value: 1 }]), undefined);
});

test('noise alone has a slope whose bounds hold zero nearly always', () => {
  let outside = 0;
  for (let seed = 0; seed < 200; seed += 1) {
    const random = createRandom(seed);
    const { low, high } = fitSlope(Array.from({ length: 50 }, (_, t) => ({ t, value: random() })))!;
    if (low > 0 || high < 0) outside += 1;
  }
  assert.ok(outside <= 24, `${outside} of 200`);
});

test('thinning keeps the course and drops the spikes', () => {
  const points = Array.from({ length: 1_000 }, (_, t) => ({ t, value: t % 50 === 7 ? 1e9 : t }));
  const thinned = thin(points, 10);
  assert.equal(thinned.length, 10);
  assert.ok(thinned.every(({ t, value }) => Math.abs(t - value) < 10));
  assert.deepEqual(thin([{ t: 1, value: 2 }], 10), [{ t: 1, value: 2 }]);
});
