import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDelivered } from './delivered.ts';

test('lost routes make only those deliveries doubtful whose recipients Redis named', () => {
  const delivered = createDelivered();
  delivered.add('room', 1, 3, true);
  delivered.add('room', 4, 4, false);
  assert.deepEqual([delivered.has('room', 2, 3), delivered.has('room', 4, 4), delivered.has('room', 5, 5)], [true, true, false]);
  delivered.forgetRouted();
  assert.deepEqual([delivered.has('room', 2, 3), delivered.has('room', 4, 4)], [true, false]);
});
