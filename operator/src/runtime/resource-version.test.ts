import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compareVersions, isNewer } from './resource-version.ts';

const versions = fc.bigInt({ min: 0n, max: 10n ** 30n });

test('versions of any length compare as numbers', () => {
  fc.assert(
    fc.property(versions, versions, (a, b) => {
      assert.equal(Math.sign(compareVersions(`${a}`, `${b}`)), a < b ? -1 : a > b ? 1 : 0);
    }),
  );
});

test('what is not a number, or not there, counts as newer', () => {
  for (const [a, b] of [
    ['x', '5'],
    ['5', 'x'],
    [undefined, '5'],
    ['5', undefined],
    ['05', '7'],
  ] as const)
    assert.equal(isNewer(a, b), true);
});
