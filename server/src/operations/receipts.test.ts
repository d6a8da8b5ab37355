import assert from 'node:assert/strict';
import { test } from 'node:test';
import { furthest } from './receipts.ts';

test('receipts that wait to be told never go back, whichever answer is handled first', () => {
  assert.deepEqual(furthest({ delivered: 10 }, { delivered: 9 }), { delivered: 10 });
  assert.deepEqual(furthest({ delivered: 9, read: 2 }, { read: 5 }), { delivered: 9, read: 5 });
  assert.deepEqual(furthest({}, { read: 3 }), { read: 3 });
});
