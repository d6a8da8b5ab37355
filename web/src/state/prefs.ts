import { createStore } from 'zustand/vanilla';
import type { Language } from '../strings.ts';

export type Theme = 'system' | 'light' | 'dark';
export type Density = 'comfortable' | 'compact';

export interface Prefs {
  theme: Theme;
  density: Density;
  language: Language;
  /** What Enter does in the composer; with Shift, or with Ctrl, it does the other. */
  enter: 'send' | 'newline';
  /** Width of the list of conversations on wide screens, in pixels. */
  listWidth: number;
}

export const LIST_WIDTH = { min: 240, max: 400, usual: 300 } as const;

const KEY = 'chat.prefs';

function pick<T extends string>(value: unknown, allowed: readonly T[], fallback: T): T {
  return allowed.find((one) => one === value) ?? fallback;
}

export function clampListWidth(width: number): number {
  return Math.round(Math.min(LIST_WIDTH.max, Math.max(LIST_WIDTH.min, width)));
}

/** Unknown or broken stored values become the defaults: an old tab must not break a new one. */
export function parsePrefs(stored: string | null, deviceLanguage: string): Prefs {
  let raw: Partial<Record<keyof Prefs, unknown>> = {};
  try {
    const parsed: unknown = JSON.parse(stored ?? '{}');
    if (typeof parsed === 'object' && parsed !== null) raw = parsed;
  } catch {
    raw = {};
  }
  return {
    theme: pick(raw.theme, ['system', 'light', 'dark'], 'system'),
    density: pick(raw.density, ['comfortable', 'compact'], 'comfortable'),
    language: pick(raw.language, ['en', 'de'], deviceLanguage.startsWith('de') ? 'de' : 'en'),
    enter: pick(raw.enter, ['send', 'newline'], 'send'),
    listWidth: typeof raw.listWidth === 'number' ? clampListWidth(raw.listWidth) : LIST_WIDTH.usual,
  };
}

export function createPrefs(storage: Pick<Storage, 'getItem' | 'setItem'>, deviceLanguage: string) {
  const store = createStore<Prefs>(() => parsePrefs(storage.getItem(KEY), deviceLanguage));
  store.subscribe((prefs) => storage.setItem(KEY, JSON.stringify(prefs)));
  return store;
}
