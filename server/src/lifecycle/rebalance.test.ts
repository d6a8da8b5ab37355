import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { excessOf } from './rebalance.ts';

const balance = (own: number, others: number[], isMoving = false) =>
  excessOf({ own, perPod: [own, ...others], tolerancePercent: 20, isMoving });

describe('the excess of a pod', () => {
  test('is what lies above the mean while a pod is out of the tolerance, and once sockets move, out of half of it', () => {
    assert.equal(balance(1_500, [1_500, 0]), 500);
    assert.equal(balance(1_000, [...Array<number>(9).fill(1_000), 0]), 90);
    assert.equal(balance(1_150, [950, 900]), 0);
    assert.equal(balance(1_150, [950, 900], true), 150);
    assert.equal(balance(900, [950, 1_150], true), 0);
  });

  test('is nothing alone, among equals, or within the noise of a random balancer', () => {
    assert.equal(balance(5_000, []), 0);
    assert.equal(balance(10, [4, 4]), 0);
    fc.assert(fc.property(fc.nat(30_000), fc.integer({ min: 1, max: 20 }), (n, pods) => balance(n, Array(pods).fill(n)) === 0));
  });

  test('never takes a pod below the mean, nor from all pods at once', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(30_000), { minLength: 2, maxLength: 20 }), fc.boolean(), (perPod, isMoving) => {
        const mean = perPod.reduce((sum, n) => sum + n, 0) / perPod.length;
        const excesses = perPod.map((own) => excessOf({ own, perPod, tolerancePercent: 20, isMoving }));
        assert.ok(excesses.every((excess, i) => excess === 0 || perPod[i]! - excess >= mean));
        assert.ok(perPod.some((own, i) => own <= mean && excesses[i] === 0));
      }),
    );
  });
});
