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

test('deliveries of two pods that take turns are remembered as one range', () => {
  const delivered = createDelivered();
  for (let seq = 1; seq <= 1_000; seq += 1) delivered.add('room', seq, seq, seq % 2 === 0);
  assert.deepEqual([delivered.has('room', 1, 1_000), delivered.has('room', 1, 1_001)], [true, false]);
});

test('of what was delivered with gaps the newest 16 ranges are remembered', () => {
  const delivered = createDelivered();
  for (let seq = 1; seq < 100; seq += 2) delivered.add('room', seq, seq, true);
  assert.deepEqual([delivered.has('room', 99, 99), delivered.has('room', 69, 69), delivered.has('room', 67, 67)], [true, true, false]);
});
