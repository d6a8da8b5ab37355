import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { planGroups } from './groups.ts';

it('puts everybody into one group, of the wanted size or, for the last one, a little more', () => {
  assert.deepEqual(planGroups(5, 2), [
    [0, 1],
    [2, 3, 4],
  ]);
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 300 }), fc.integer({ min: 2, max: 50 }), (count, size) => {
      const groups = planGroups(count, Math.min(size, count));
      assert.deepEqual(
        groups.flat(),
        Array.from({ length: count }, (_, i) => i),
      );
      for (const group of groups) assert.ok(group.length >= Math.min(size, count) && group.length < 2 * size);
    }),
  );
});
