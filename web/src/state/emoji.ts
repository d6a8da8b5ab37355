import type { Language } from '../strings.ts';

export interface Emoji {
  text: string;
  group: number;
  name: string;
  /** Lower case: the name, short codes and tags. */
  words: string;
}

const RECENT_KEY = 'chat.emoji';
const RECENT_MAX = 24;
const FIRST_RECENT = ['👍', '❤️', '😂', '🎉', '👀', '🙏', '✅', '🔥'];

const sets = { en: () => import('virtual:emoji/en'), de: () => import('virtual:emoji/de') } as const satisfies Record<Language, unknown>;

/** All emoji with their names in a language; loaded when somebody needs them first. */
export async function loadEmoji(language: Language): Promise<Emoji[]> {
  const { emoji } = await sets[language]();
  return emoji.map(([text, group, name, words]) => ({ text, group, name, words: `${name} ${words}`.toLowerCase() }));
}

/** Best first: a word that is the query, then one that starts with it, then the rest. */
export function searchEmoji(all: readonly Emoji[], query: string, limit: number): Emoji[] {
  const wanted = query
    .toLowerCase()
    .split(/[\s_]+/u)
    .filter(Boolean);
  if (wanted.length === 0) return [];
  const scored = all.flatMap((emoji, order) => {
    const score = wanted.reduce((sum, word) => sum + scoreOf(emoji.words, word), 0);
    return wanted.every((word) => scoreOf(emoji.words, word) > 0) ? [{ emoji, score, order }] : [];
  });
  return scored
    .sort((a, b) => b.score - a.score || a.order - b.order)
    .slice(0, limit)
    .map(({ emoji }) => emoji);
}

function scoreOf(words: string, wanted: string): number {
  const at = words.indexOf(wanted);
  if (at < 0) return 0;
  const all = words.split(/[\s_]+/u);
  if (all[0] === wanted) return 4;
  if (all.includes(wanted)) return 3;
  return all.some((word) => word.startsWith(wanted)) ? 2 : 1;
}

/** What this device used last; a broken value is none. */
export function recentEmoji(storage: Pick<Storage, 'getItem'>): string[] {
  const stored = (storage.getItem(RECENT_KEY) ?? '').split(' ').filter(Boolean);
  return [...new Set([...stored, ...FIRST_RECENT])].slice(0, RECENT_MAX);
}

export function rememberEmoji(storage: Pick<Storage, 'getItem' | 'setItem'>, text: string): void {
  storage.setItem(RECENT_KEY, [text, ...recentEmoji(storage).filter((one) => one !== text)].slice(0, RECENT_MAX).join(' '));
}
