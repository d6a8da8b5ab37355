import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

const PREFIX = 'virtual:emoji/';
/** Newer ones are empty boxes on many devices. */
const NEWEST_VERSION = 15.1;
/** Skin tones and hair, which are no emoji of their own. */
const COMPONENTS = 2;

interface Raw {
  emoji: string;
  hexcode: string;
  label: string;
  group?: number;
  version: number;
  order?: number;
  tags?: string[];
}

const require = createRequire(import.meta.url);
const read = <T>(path: string) => JSON.parse(readFileSync(require.resolve(`emojibase-data/${path}`), 'utf8')) as T;

/** `[emoji, group, name, words to find it by]` in one language; the English short codes work in every language. */
export function listEmoji(language: string): [string, number, string, string][] {
  const codes = read<Record<string, string | string[]>>('en/shortcodes/github.json');
  return read<Raw[]>(`${language}/data.json`)
    .filter((raw) => raw.group !== undefined && raw.group !== COMPONENTS && raw.version <= NEWEST_VERSION)
    .sort((a, b) => (a.order ?? 0) - (b.order ?? 0))
    .map((raw) => [raw.emoji, raw.group ?? 0, raw.label, [codes[raw.hexcode] ?? [], raw.tags ?? []].flat(2).join(' ')]);
}

/** `import('virtual:emoji/en')`: a script of its own, made of the few fields that the picker needs. */
export function emojiData(): Plugin {
  return {
    name: 'emoji-data',
    resolveId: (id) => (id.startsWith(PREFIX) ? `\0${id}` : undefined),
    load: (id) => {
      if (!id.startsWith(`\0${PREFIX}`)) return undefined;
      const data = JSON.stringify(listEmoji(id.slice(PREFIX.length + 1)));
      return `export const emoji = JSON.parse(${JSON.stringify(data)});`;
    },
  };
}
