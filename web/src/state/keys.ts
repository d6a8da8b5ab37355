export type Shortcut = 'switcher' | 'help' | 'next' | 'previous' | 'next-unread' | 'previous-unread' | 'close';

export interface Key {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
  /** The key went into a text field. */
  isTyping: boolean;
}

/** What a key means anywhere in the app. */
export function decideShortcut({ key, ctrlKey, metaKey, altKey, shiftKey, isTyping }: Key): Shortcut | undefined {
  const isCommand = (ctrlKey || metaKey) && !altKey;
  if (isCommand && !shiftKey && key.toLowerCase() === 'k') return 'switcher';
  if (isCommand && key === '/') return 'help';
  if (altKey && !ctrlKey && !metaKey && key === 'ArrowDown') return shiftKey ? 'next-unread' : 'next';
  if (altKey && !ctrlKey && !metaKey && key === 'ArrowUp') return shiftKey ? 'previous-unread' : 'previous';
  if (ctrlKey || metaKey || altKey) return undefined;
  if (key === 'Escape') return 'close';
  return key === '?' && !isTyping ? 'help' : undefined;
}
