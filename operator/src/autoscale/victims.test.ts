import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Candidate, planCurrentCosts, planVictimCosts, selectVictims, verifyVictims } from './victims.ts';

function pod(name: string, connections?: number, more: Partial<Candidate> = {}): Candidate {
  return {
    name,
    uid: `uid-${name}`,
    isReady: true,
    isScheduled: true,
    deletionCost: 0,
    ...(connections === undefined ? {} : { connections }),
    ...more,
  };
}

const named = (pods: Candidate[]) => pods.map(({ name }) => name);

describe('victims of a scale-down', () => {
  it('are the pods with the fewest connections', () => {
    assert.deepEqual(named(selectVictims([pod('a', 50), pod('b', 10), pod('c', 30)], 2)), ['b', 'c']);
  });

  it('are unscheduled and unready pods first, since the ReplicaSet controller takes those anyway', () => {
    const pods = [pod('a', 0), pod('b', 500, { isReady: false }), pod('c', undefined, { isScheduled: false, isReady: false })];
    assert.deepEqual(named(selectVictims(pods, 2)), ['c', 'b']);
  });

  it('are not the pods whose connections nobody knows', () => {
    assert.deepEqual(named(selectVictims([pod('a'), pod('b', 9_000)], 1)), ['b']);
  });

  it('cost less than every other pod, in any state of the annotations', () => {
    const candidate = fc.record({
      name: fc.uuid(),
      uid: fc.uuid(),
      isReady: fc.boolean(),
      isScheduled: fc.boolean(),
      connections: fc.option(fc.integer({ min: 0, max: 100_000 }), { nil: undefined }),
      deletionCost: fc.integer({ min: -50, max: 100_000 }),
    });
    fc.assert(
      fc.property(fc.array(candidate, { maxLength: 20 }), fc.nat(20), (pods, count) => {
        const victims = selectVictims(pods as Candidate[], count);
        const costs = new Map(planVictimCosts(pods as Candidate[], victims).map(({ uid, cost }) => [uid, cost]));
        const costOf = (p: { uid: string; deletionCost: number }) => costs.get(p.uid) ?? p.deletionCost;
        const leaving = new Set(victims.map(({ uid }) => uid));
        const keepers = pods.filter(({ uid }) => !leaving.has(uid)).map(costOf);
        assert.equal(victims.length, Math.min(count, pods.length));
        for (const victim of victims) for (const cost of keepers) assert.ok(costOf(victim) < cost);
      }),
    );
  });
});

describe('deletion costs for other engines', () => {
  it('follow the connections in coarse steps', () => {
    assert.deepEqual(planCurrentCosts([pod('a', 12_345)]), [{ name: 'a', uid: 'uid-a', cost: 12_000 }]);
    assert.deepEqual(planCurrentCosts([pod('a', 12_900, { deletionCost: 12_000 })]), []);
    assert.deepEqual(planCurrentCosts([pod('a', 7)]), [{ name: 'a', uid: 'uid-a', cost: 7 }]);
  });

  it('stay while a pod does not answer', () => {
    assert.deepEqual(planCurrentCosts([pod('a', undefined, { deletionCost: 40 })]), []);
  });
});

describe('after a scale-down', () => {
  const pending = { victims: [pod('b')], keepers: [pod('a'), pod('c')], atMs: 0 };

  it('waits while everyone is still there', () => {
    assert.deepEqual(verifyVictims(pending, new Set(['uid-a', 'uid-b', 'uid-c'])), { state: 'waiting' });
  });

  it('is content when the victims left', () => {
    assert.deepEqual(verifyVictims(pending, new Set(['uid-a', 'uid-c'])), { state: 'confirmed' });
  });

  it('names those who left in their place', () => {
    assert.deepEqual(verifyVictims(pending, new Set(['uid-a', 'uid-b'])), { state: 'unexpected', names: ['c'] });
  });
});
