import { expect, test } from 'vitest';
import { complete, findTrigger, rankNames } from './completion.ts';

test.each([
  ['hello @', 'mention', ''],
  ['hello @gra', 'mention', 'gra'],
  ['@Grace Ho', 'mention', 'Grace Ho'],
  ['(@ada', 'mention', 'ada'],
  ['nice :smi', 'emoji', 'smi'],
  [':+1', 'emoji', '+1'],
])('in %j the %s %j is being typed', (text, kind, query) => {
  expect(findTrigger(text, text.length)).toMatchObject({ kind, query });
});

test.each(['mail me at a@example.com', 'half past 9:30', 'smile :s', 'https://example.com'])('in %j nothing is being completed', (text) =>
  expect(findTrigger(text, text.length)).toBeUndefined(),
);

test('only the word before the caret counts', () => {
  expect(findTrigger('@ada and more', 4)).toMatchObject({ query: 'ada', from: 0, to: 4 });
});

test('the word is replaced, with one space behind it', () => {
  expect(complete('hi @gr', { kind: 'mention', query: 'gr', from: 3, to: 6 }, '@Grace')).toEqual({ text: 'hi @Grace ', caret: 10 });
  expect(complete('hi @gr, you', { kind: 'mention', query: 'gr', from: 3, to: 6 }, '@Grace').text).toBe('hi @Grace , you');
  expect(complete(':ta now', { kind: 'emoji', query: 'ta', from: 0, to: 3 }, '🎉')).toEqual({ text: '🎉 now', caret: 3 });
});

test('names are found by each of their words, whole names first', () => {
  const people = ['Grace Hopper', 'Hope Smith', 'Ada'].map((name) => ({ name }));
  expect(rankNames(people, 'hop', 8).map(({ name }) => name)).toEqual(['Hope Smith', 'Grace Hopper']);
});
