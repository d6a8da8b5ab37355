import { expect, test } from 'vitest';
import type { NoteLine } from '../../state/notes.ts';
import type { ChatClient } from '../../state/model.ts';
import { type Language, translate } from '../../strings.ts';
import { noteText } from './note-text.ts';

const names: Record<string, string> = { a: 'Ada', b: 'Bob', c: 'Cem', d: 'Dan' };

function text(language: Language, line: Partial<NoteLine>, kind = 'group'): string {
  const client = {
    user: (id: string) => ({ displayName: names[id] ?? id }),
    conversation: () => ({ conversation: { kind } }),
  } as unknown as ChatClient;
  const whole: NoteLine = { key: 'k', at: '', actorId: 'a', what: 'added', userIds: [], value: '', ...line };
  return noteText(client, (key, values) => translate(language, key, values), 'id', whole);
}

test('names up to three people and counts more', () => {
  expect(text('en', { userIds: ['b'] })).toBe('Ada added Bob');
  expect(text('en', { userIds: ['b', 'c'] })).toBe('Ada added Bob and Cem');
  expect(text('en', { userIds: ['b', 'c', 'd'] })).toBe('Ada added Bob, Cem and Dan');
  expect(text('en', { userIds: ['b', 'c', 'd', 'e', 'f'] })).toBe('Ada added Bob, Cem and 3 more');
  expect(text('de', { userIds: ['b', 'c', 'd', 'e'], what: 'removed' })).toBe('Ada hat Bob, Cem und 2 weitere entfernt');
});

test('says how people came, where that can be told', () => {
  expect(text('en', { what: 'joined', userIds: ['b'] })).toBe('Bob joined by a link');
  expect(text('en', { what: 'joined', userIds: ['b'] }, 'channel')).toBe('Bob joined');
  expect(text('de', { what: 'joined', userIds: ['b', 'c'] }, 'channel')).toBe('Bob und Cem sind beigetreten');
});

test('says what became of the conversation, and who has which role', () => {
  expect(text('en', { what: 'titled', value: 'Tea' })).toBe('Ada named this group “Tea”');
  expect(text('de', { what: 'titled', value: 'Tee' }, 'channel')).toBe('Ada hat diesen Kanal „Tee“ genannt');
  expect(text('en', { what: 'described', value: 'owner' })).toBe('Ada set the topic “owner”');
  expect(text('en', { what: 'role', value: 'readonly', userIds: ['b'] })).toBe('Ada gave Bob the role “Read-only”');
});
