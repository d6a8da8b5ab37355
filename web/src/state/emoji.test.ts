import { expect, test } from 'vitest';
import { loadEmoji, recentEmoji, rememberEmoji, searchEmoji } from './emoji.ts';

function memory() {
  const kept = new Map<string, string>();
  return { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => void kept.set(key, value) };
}

test('emoji are found by short code and name, in both languages', async () => {
  const [en, de] = await Promise.all([loadEmoji('en'), loadEmoji('de')]);
  expect(searchEmoji(en, 'tada', 5)[0]?.text).toBe('🎉');
  expect(searchEmoji(en, 'thumbs up', 5)[0]?.text).toBe('👍️');
  expect(searchEmoji(de, 'tada', 5)[0]?.text).toBe('🎉');
  expect(searchEmoji(de, 'katze', 9).length).toBeGreaterThan(3);
  expect(searchEmoji(en, 'no such thing', 5)).toEqual([]);
});

test('what was used last comes first, once', () => {
  const storage = memory();
  rememberEmoji(storage, '🦋');
  rememberEmoji(storage, '👀');
  rememberEmoji(storage, '🦋');
  expect(recentEmoji(storage).slice(0, 2)).toEqual(['🦋', '👀']);
  expect(new Set(recentEmoji(storage)).size).toBe(recentEmoji(storage).length);
});
