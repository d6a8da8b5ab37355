import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { apiErrorOf, isAlreadyExists, isConflict, isGone, isNamespaceTerminating, isNotFound, parseRetryAfter } from './errors.ts';
import { decideRetry, defaultRetryPolicy, type Outcome } from './retry.ts';

const decide = (outcome: Outcome, idempotent: boolean, attempt = 1, random = 0) => decideRetry(outcome, { attempt, idempotent, random });

test('a call is repeated only when nothing was done, or when doing it twice is doing it once', () => {
  const cases: [string, Outcome, { idempotent: boolean; other: boolean }][] = [
    ['refused connection', { kind: 'connection', sent: false }, { idempotent: true, other: true }],
    ['broken connection', { kind: 'connection', sent: true }, { idempotent: true, other: false }],
    ['429', { kind: 'status', status: 429 }, { idempotent: true, other: true }],
    ['503 with Retry-After', { kind: 'status', status: 503, retryAfterMs: 1_000 }, { idempotent: true, other: true }],
    ['503 without', { kind: 'status', status: 503 }, { idempotent: true, other: false }],
    ['500', { kind: 'status', status: 500 }, { idempotent: true, other: false }],
    ['404', { kind: 'status', status: 404 }, { idempotent: false, other: false }],
    ['409', { kind: 'status', status: 409 }, { idempotent: false, other: false }],
    ['410', { kind: 'status', status: 410 }, { idempotent: false, other: false }],
  ];
  for (const [name, outcome, expected] of cases) {
    assert.equal(decide(outcome, true) !== undefined, expected.idempotent, `${name}, idempotent`);
    assert.equal(decide(outcome, false) !== undefined, expected.other, `${name}, not idempotent`);
  }
});

test('delays are never shorter than Retry-After, grow with full jitter, and end', () => {
  const { maxAttempts, maxMs } = defaultRetryPolicy;
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      fc.nat(60_000),
      (attempt, random, retryAfterMs) => {
        const delayMs = decideRetry({ kind: 'status', status: 429, retryAfterMs }, { attempt, idempotent: false, random });
        if (attempt >= maxAttempts) return assert.equal(delayMs, undefined);
        assert.ok(delayMs !== undefined && delayMs >= retryAfterMs && delayMs < retryAfterMs + maxMs);
      },
    ),
  );
});

test('Retry-After is read as seconds or as a date', () => {
  const now = new Date('2026-01-01T00:00:00Z');
  assert.equal(parseRetryAfter('7', now), 7_000);
  assert.equal(parseRetryAfter('Thu, 01 Jan 2026 00:00:05 GMT', now), 5_000);
  assert.equal(parseRetryAfter('soon', now), undefined);
  assert.equal(parseRetryAfter(undefined, now), undefined);
});

test('errors say what they are, whatever the body is', () => {
  const status = (code: number, reason: string, message = 'no') =>
    apiErrorOf(code, JSON.stringify({ kind: 'Status', code, reason, message }));
  assert.ok(isNotFound(status(404, 'NotFound')));
  assert.ok(isConflict(status(409, 'Conflict')) && !isAlreadyExists(status(409, 'Conflict')));
  assert.ok(isAlreadyExists(status(409, 'AlreadyExists')) && !isConflict(status(409, 'AlreadyExists')));
  assert.ok(isGone(status(410, 'Expired')));
  assert.ok(isNamespaceTerminating(status(403, 'Forbidden', 'unable to create new content in namespace x because it is being terminated')));
  assert.equal(apiErrorOf(502, '<html>bad gateway</html>').message, 'the API server answered 502');
  assert.equal(apiErrorOf(429, JSON.stringify({ kind: 'Status', details: { retryAfterSeconds: 3 } })).retryAfterMs, 3_000);
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void apiErrorOf(500, text)));
});
