import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Meters, Sum } from './meters.ts';

test('quantiles of several threads are those of all their values together', () => {
  const sum = new Sum();
  const [one, other] = [new Meters(), new Meters()];
  for (let ms = 1; ms <= 500; ms += 1) one.time('ack', ms);
  for (let ms = 501; ms <= 1_000; ms += 1) other.time('ack', ms);
  sum.add(one.take());
  sum.add(other.take());
  const { ack } = sum.quantiles();
  assert.equal(ack?.count, 1_000);
  assert.ok(Math.abs((ack?.p50 ?? 0) - 500) < 1);
  assert.ok(Math.abs((ack?.p99 ?? 0) - 990) < 2);
  assert.ok(Math.abs((ack?.max ?? 0) - 1_000) < 2);
});

test('a reading begins anew, counters go on', () => {
  const meters = new Meters();
  meters.time('delivery', 3);
  meters.counters.sent += 1;
  assert.ok(meters.take().histograms.delivery);
  const second = meters.take();
  assert.deepEqual(second.histograms, {});
  assert.equal(second.counters.sent, 1);
});

test('a value beyond ten minutes counts as ten minutes, a negative one as nothing', () => {
  const meters = new Meters();
  meters.time('ack', 3_600_000);
  meters.time('ack', -5);
  const sum = new Sum();
  sum.add(meters.take());
  assert.equal(sum.quantiles().ack?.count, 2);
});
