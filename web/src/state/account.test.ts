import { ChatError } from '@chatcluster/client';
import { expect, test } from 'vitest';
import { errorText } from './account.ts';

test('every failure to sign in has words that help', () => {
  expect(errorText(new ChatError('unauthenticated'), true)).toBe('errorCredentials');
  expect(errorText(new ChatError('forbidden'), true)).toBe('errorForbiddenHere');
  expect(errorText(new ChatError('conflict'), true)).toBe('errorConflict');
  expect(errorText(new ChatError('rate_limited'), true)).toBe('errorRate');
  expect(errorText(new ChatError('unavailable'), true)).toBe('errorNetwork');
  expect(errorText(new TypeError('fetch failed'), true)).toBe('errorNetwork');
});

test('a refusal inside the app is not called a wrong password', () =>
  expect(errorText(new ChatError('unauthenticated'))).toBe('errorUnknown'));
