import { expect, test } from 'vitest';
import { decideBanner } from './banner.ts';

const waiting = { state: 'waiting', attempt: 1, nextAttemptAt: 14_000 } as const;

test('an outage shorter than two seconds is not mentioned', () => expect(decideBanner(waiting, 10_000, 11_999)).toBeUndefined());
test('a longer one is, with the seconds to the next attempt', () =>
  expect(decideBanner(waiting, 10_000, 12_000)).toEqual({ kind: 'reconnecting', seconds: 2 }));
test('the banner goes as soon as the connection is back', () =>
  expect(decideBanner({ state: 'live', attempt: 0 }, undefined, 12_000)).toBeUndefined());
test('a device without network is told so', () =>
  expect(decideBanner({ state: 'offline', attempt: 0 }, 0, 5_000)).toEqual({ kind: 'offline' }));
test('a refusal is shown at once', () =>
  expect(decideBanner({ state: 'refused', attempt: 0, message: 'no' }, 0, 1)).toEqual({ kind: 'refused', reason: 'no' }));
