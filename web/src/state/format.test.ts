import { expect, test } from 'vitest';
import { translate } from '../strings.ts';
import { dayLabel, initials } from './format.ts';
import { parsePrefs } from './prefs.ts';

test('initials come from the first and the last word', () => {
  expect(initials('Ada Maria Okafor')).toBe('AO');
  expect(initials('ö')).toBe('Ö');
  expect(initials('')).toBe('?');
});

test('days have names near now', () => {
  const nowMs = Date.parse('2026-03-10T12:00:00.000Z');
  expect(dayLabel('2026-03-10T11:00:00.000Z', 'en', nowMs)).toBe('today');
  expect(dayLabel('2026-03-09T12:00:00.000Z', 'en', nowMs)).toBe('yesterday');
  expect(dayLabel('2025-01-02T12:00:00.000Z', 'en', nowMs)).toBe('January 2, 2025');
});

test('stored settings that make no sense become the defaults', () => {
  const defaults = { theme: 'system', density: 'comfortable', language: 'de', enter: 'send', listWidth: 300 };
  expect(parsePrefs('{"theme":"pink"', 'de-AT')).toEqual(defaults);
  expect(parsePrefs('null', 'de')).toEqual(defaults);
  expect(parsePrefs('{"theme":"dark","language":"en"}', 'de')).toEqual({ ...defaults, theme: 'dark', language: 'en' });
});

test('texts are filled and count', () => {
  expect(translate('en', 'members', { count: 1 })).toBe('1 member');
  expect(translate('de', 'members', { count: 3 })).toBe('3 Mitglieder');
});
