import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createGenerations } from './generations.ts';

const MAX = 20;

test('what is kept is never heavier than allowed, and the lately used is kept', () => {
  const uses = fc.array(fc.record({ key: fc.integer({ max: 30, min: 0 }), grows: fc.integer({ max: 2, min: 0 }) }), { maxLength: 200 });
  fc.assert(
    fc.property(uses, (all) => {
      const generations = createGenerations<{ weight: number }>(MAX, ({ weight }) => weight);
      const lately: string[] = [];
      for (const { key, grows } of all) {
        const name = String(key);
        const known = generations.get(name);
        if (known === undefined) generations.set(name, { weight: 1 });
        else {
          known.weight += grows;
          generations.grow(grows);
        }
        lately.push(name);
        const entries = [...generations.entries()];
        assert.equal(new Set(entries.map(([id]) => id)).size, entries.length);
        assert.ok(entries.reduce((sum, [, { weight }]) => sum + weight, 0) <= MAX + 2, 'one of the last growth is over');
        assert.ok(generations.peek(name) !== undefined || (known?.weight ?? 0) > MAX / 2, 'used just now');
      }
    }),
  );
});

test('a use keeps, a look does not', () => {
  const generations = createGenerations<string>(4, () => 1);
  for (const key of ['used', 'seen', 'a', 'used', 'b', 'c', 'used', 'd', 'e']) {
    generations.peek('seen');
    if (generations.get(key) === undefined) generations.set(key, key);
  }
  assert.deepEqual([generations.peek('used'), generations.peek('seen')], ['used', undefined]);
});
