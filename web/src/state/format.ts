import { dayKey } from './rows.ts';

/** Two letters that stand for a name. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/u).filter(Boolean);
  const first = [...(words[0] ?? '?')][0] ?? '?';
  const last = words.length > 1 ? ([...(words.at(-1) ?? '')][0] ?? '') : '';
  return (first + last).toLocaleUpperCase();
}

/** A hue that stays with an id, in steps far enough apart to tell people from each other. */
export function hueOf(id: string): number {
  let hash = 0;
  for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0;
  return (hash % 12) * 30;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Making a formatter costs more than using one, and rows need them by the hundred. */
function formatter(language: string, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${language}:${name}`;
  const known = formats.get(key) ?? new Intl.DateTimeFormat(language, options);
  formats.set(key, known);
  return known;
}

export function clockTime(at: string, language: string): string {
  return formatter(language, 'time', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(at));
}

export function fullTime(at: string, language: string): string {
  return formatter(language, 'full', { dateStyle: 'full', timeStyle: 'short' }).format(new Date(at));
}

/** 'today', 'yesterday', or the date in words. */
export function dayLabel(at: string, language: string, nowMs = Date.now()): string {
  const key = dayKey(at);
  if (key === dayKey(new Date(nowMs).toISOString())) return 'today';
  if (key === dayKey(new Date(nowMs - 86_400_000).toISOString())) return 'yesterday';
  const isThisYear = new Date(at).getFullYear() === new Date(nowMs).getFullYear();
  return isThisYear
    ? formatter(language, 'day', { weekday: 'long', day: 'numeric', month: 'long' }).format(new Date(at))
    : formatter(language, 'dayYear', { day: 'numeric', month: 'long', year: 'numeric' }).format(new Date(at));
}

/** For the list: the time today, the weekday this week, else the date. */
export function shortTime(at: string, language: string, nowMs = Date.now()): string {
  const age = nowMs - Date.parse(at);
  if (dayKey(at) === dayKey(new Date(nowMs).toISOString())) return clockTime(at, language);
  if (age < 6 * 86_400_000) return formatter(language, 'weekday', { weekday: 'short' }).format(new Date(at));
  return formatter(language, 'date', { day: 'numeric', month: 'short' }).format(new Date(at));
}
