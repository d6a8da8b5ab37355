import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { type FaultKind, faultKinds, planFaults } from './plan.ts';

const available = Object.keys(faultKinds) as FaultKind[];
const base = { durationMs: 120_000, everyMs: 20_000, seed: 1, available };

test('the same seed gives the same schedule, another seed another one', () => {
  const plan = (seed: number) => planFaults({ ...base, text: 'random', seed });
  assert.deepEqual(plan(7), plan(7));
  assert.notDeepEqual(plan(7), plan(8));
});

test('a random schedule never wipes Redis while Postgres is away', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 2_000, max: 30_000 }), (seed, count, everyMs) => {
      const plan = planFaults({ ...base, text: `random:${count}`, durationMs: 600_000, everyMs, seed });
      assert.ok(plan.length > 0);
      const wiping = plan.filter(({ kind }) => kind === 'redis-kill' || kind === 'redis-flush');
      const hiding = plan.filter(({ kind }) => kind === 'postgres-kill' || kind === 'postgres-freeze');
      for (const a of wiping)
        for (const b of hiding) assert.ok(a.atMs >= b.atMs + b.lastsMs + 10_000 || b.atMs >= a.atMs + a.lastsMs + 10_000);
    }),
  );
});

test('the first round of a random schedule has as many faults as were asked for', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      const first = planFaults({ ...base, text: 'random:3', seed }).filter(({ round }) => round === 0);
      assert.equal(new Set(first.map(({ kind }) => kind)).size, 3);
    }),
  );
});

test('every fault of a random schedule can end before the load does', () => {
  fc.assert(
    fc.property(fc.nat(), (seed) => {
      for (const { atMs, lastsMs } of planFaults({ ...base, text: 'random:3', seed })) assert.ok(atMs + lastsMs <= base.durationMs);
    }),
  );
});

describe('what can be written in FAULTS', () => {
  const cases: [text: string, expected: [kind: FaultKind, atMs: number, lastsMs: number][]][] = [
    ['', []],
    ['pod-kill@10', [['pod-kill', 10_000, 2_000]]],
    [
      'redis-freeze@30:5, pod-kill@1.5',
      [
        ['pod-kill', 1_500, 2_000],
        ['redis-freeze', 30_000, 5_000],
      ],
    ],
    ['pod-kill@500', []],
    ['jitter', [10, 30, 50, 70, 90].map((at) => ['clients-drop', at * 1_000, 0] as [FaultKind, number, number])],
    [
      'redis-flush,clients-drop',
      (['redis-flush', 'clients-drop', 'redis-flush', 'clients-drop', 'redis-flush'] as const).map(
        (kind, i) => [kind, (i * 20 + 10) * 1_000, 0] as [FaultKind, number, number],
      ),
    ],
  ];
  for (const [text, expected] of cases) {
    test(`"${text}"`, () =>
      assert.deepEqual(
        planFaults({ ...base, text }).map(({ kind, atMs, lastsMs }) => [kind, atMs, lastsMs]),
        expected,
      ));
  }
});

test('what cannot be done here is refused before the load, with what can', () => {
  const some = { ...base, available: ['clients-drop'] as FaultKind[] };
  assert.throws(() => planFaults({ ...some, text: 'pod-kill' }), /"pod-kill" is not possible here; possible: clients-drop/);
  assert.throws(() => planFaults({ ...some, text: 'pod-kill@3' }), /"pod-kill" is not possible here/);
  assert.throws(() => planFaults({ ...base, text: 'pod-kil@3' }), /"pod-kil@3" is not <fault>@<second>/);
  assert.throws(() => planFaults({ ...base, text: 'earthquake' }), /"earthquake" is not possible here/);
});
