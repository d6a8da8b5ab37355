import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { eventually } from '@chatcluster/tools/testing';
import { createBreaker } from './breaker.ts';

test('two failures in a row open it, one success closes it', () => {
  let now = 0;
  const breaker = createBreaker({ now: () => now });
  breaker.failed();
  assert.ok(breaker.allows());
  breaker.failed();
  assert.ok(!breaker.allows());
  now = 500;
  assert.ok(breaker.allows());
  breaker.succeeded();
  now = 0;
  assert.ok(breaker.allows());
});

test('a wall clock that is set back while it is open does not keep it open', async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() + 600_000 });
  const breaker = createBreaker({ retryMs: 20 });
  breaker.failed();
  breaker.failed();
  mock.timers.reset();
  await eventually(() => breaker.allows());
});
