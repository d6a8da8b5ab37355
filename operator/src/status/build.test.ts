import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { roundConnections } from './build.ts';

it('rounds connections to two digits, so that a busy chat does not write its status all the time', () => {
  const rounded = [0, 7, 99, 100, 104, 105, 1_234, 98_765, 995_000].map(roundConnections);
  assert.deepEqual(rounded, [0, 7, 99, 100, 100, 110, 1_200, 99_000, 1_000_000]);
  fc.assert(
    fc.property(fc.nat(10_000_000), (connections) => {
      const shown = roundConnections(connections);
      assert.ok(Math.abs(shown - connections) <= connections * 0.05);
      assert.equal(roundConnections(shown), shown);
    }),
  );
});
