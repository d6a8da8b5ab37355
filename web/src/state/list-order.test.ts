import { expect, test } from 'vitest';
import { inOrder } from './list-order.ts';

const one = (id: string, more: { archived?: boolean; favourite?: boolean } = {}) => ({
  id,
  archived: more.archived,
  me: { favourite: more.favourite },
});

test('favourites come first and what is archived last, each as they were', () => {
  const all = [
    one('old', { archived: true, favourite: true }),
    one('a'),
    one('b', { favourite: true }),
    one('c'),
    one('d', { favourite: true }),
  ];
  expect(inOrder(all).map(({ id }) => id)).toEqual(['b', 'd', 'a', 'c', 'old']);
});
