import { expect, test } from 'vitest';
import { decideShortcut, type Key } from './keys.ts';

const key = (part: Partial<Key>): Key => ({
  key: '',
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  isTyping: false,
  ...part,
});

test.each([
  [{ key: 'k', ctrlKey: true, isTyping: true }, 'switcher'],
  [{ key: 'K', metaKey: true }, 'switcher'],
  [{ key: 'ArrowDown', altKey: true, isTyping: true }, 'next'],
  [{ key: 'ArrowUp', altKey: true, shiftKey: true }, 'previous-unread'],
  [{ key: 'Escape', isTyping: true }, 'close'],
  [{ key: '?', shiftKey: true }, 'help'],
  [{ key: '?', isTyping: true }, undefined],
  [{ key: '/', ctrlKey: true, isTyping: true }, 'help'],
  [{ key: 'k' }, undefined],
  [{ key: 'k', ctrlKey: true, altKey: true }, undefined],
] as const)('%j means %s', (pressed, shortcut) => {
  expect(decideShortcut(key(pressed))).toBe(shortcut);
});
