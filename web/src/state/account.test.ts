import { ChatError } from '@chatcluster/client';
import { expect, test } from 'vitest';
import { errorText, signInWords } from './account.ts';

test('every failure to sign in has words that help', () => {
  expect(errorText(new ChatError('unauthenticated'), signInWords)).toBe('errorCredentials');
  expect(errorText(new ChatError('forbidden'), signInWords)).toBe('errorForbiddenHere');
  expect(errorText(new ChatError('conflict'), signInWords)).toBe('errorConflict');
  expect(errorText(new ChatError('rate_limited'), signInWords)).toBe('errorRate');
  expect(errorText(new ChatError('unavailable'), signInWords)).toBe('errorNetwork');
  expect(errorText(new TypeError('fetch failed'), signInWords)).toBe('errorNetwork');
});

test('a refusal inside the app is not called a wrong password', () =>
  expect(errorText(new ChatError('unauthenticated'))).toBe('errorUnknown'));
