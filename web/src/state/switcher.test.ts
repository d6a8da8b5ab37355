import { expect, test } from 'vitest';
import { rankConversations } from './switcher.ts';

const all = ['General', 'Analytical Engine', 'Grace Hopper', 'Design review'].map((title, i) => ({
  id: `${i}`,
  title,
  unread: i === 2 ? 3 : 0,
}));
const titles = (query: string) => rankConversations(all, query, 3).map(({ title }) => title);

test('a few letters find a conversation: beginnings, then words, then letters in order', () => {
  expect(titles('ge')[0]).toBe('General');
  expect(titles('eng')[0]).toBe('Analytical Engine');
  expect(titles('grhp')).toEqual(['Grace Hopper']);
  expect(titles('xyz')).toEqual([]);
});

test('without a query the unread ones come first', () => {
  expect(titles('')[0]).toBe('Grace Hopper');
});
