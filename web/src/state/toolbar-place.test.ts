import { describe, expect, test } from 'vitest';
import { placeToolbar } from './toolbar-place.ts';

const list = { listTop: 56, listBottom: 680, height: 32, listWidth: 900 };
const narrow = { ...list, height: 48, listWidth: 375 };

describe('where the toolbar of a message stands', () => {
  test.each([
    ['over the upper edge of its row where the list is wide', { ...list, rowTop: 200, rowBottom: 226 }, -12],
    ['inside of the list when its row begins above', { ...list, rowTop: 40, rowBottom: 100 }, 20],
    ['inside of the list when its row is the topmost', { ...list, rowTop: 60, rowBottom: 86 }, 0],
    ['above its row where the list is narrow', { ...narrow, rowTop: 200, rowBottom: 260 }, -48],
    ['below its row when there is no room above', { ...narrow, rowTop: 70, rowBottom: 130 }, 60],
    ['at the top of what is seen of a message longer than the list', { ...narrow, rowTop: -100, rowBottom: 700 }, 160],
  ])('%s', (_name, room, expected) => {
    expect(placeToolbar(room)).toBe(expected);
  });
});
