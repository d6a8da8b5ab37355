import { expect, test } from 'vitest';
import { canSearch, cutPieces } from './searching.ts';

test('a snippet is cut where matches begin and end', () => {
  const cut = (text: string, ranges: [number, number][]) =>
    cutPieces({ text, ranges }).map(({ text: piece, isHit }) => (isHit ? `[${piece}]` : piece));
  expect(cut('a brown fox', [[2, 7]])).toEqual(['a ', '[brown]', ' fox']);
  expect(cut('brown', [[0, 5]])).toEqual(['[brown]']);
  expect(
    cut('one two', [
      [0, 3],
      [4, 7],
    ]),
  ).toEqual(['[one]', ' ', '[two]']);
  expect(cut('nothing', [])).toEqual(['nothing']);
});

test('words or a filter are needed to search', () => {
  expect(canSearch({ q: ' ', hasFile: false })).toBe(false);
  expect(canSearch({ q: '', conversationId: 'c', hasFile: false })).toBe(false);
  expect(canSearch({ q: 'x', hasFile: false })).toBe(true);
  expect(canSearch({ q: '', hasFile: true })).toBe(true);
  expect(canSearch({ q: '', from: 'u', hasFile: false })).toBe(true);
});
