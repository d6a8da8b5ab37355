/** A word being typed that a list of choices can complete. */
export interface Trigger {
  kind: 'mention' | 'emoji';
  query: string;
  /** Where the word with its mark begins. */
  from: number;
  /** The caret. */
  to: number;
}

/** Names have spaces, so a mention may run over some words; beyond that nobody is meant. */
const MENTION = /(?:^|[\s(])@([\p{L}\p{N}][\p{L}\p{N}\p{M}'’.-]*(?: [\p{L}\p{N}\p{M}'’.-]*){0,2})?$/u;
const EMOJI = /(?:^|[\s(])(:([\p{L}\p{N}_+-]{2,}))$/u;

export function findTrigger(text: string, caret: number): Trigger | undefined {
  const before = text.slice(0, caret);
  const emoji = EMOJI.exec(before);
  if (emoji?.[1]) return { kind: 'emoji', query: emoji[2] ?? '', from: caret - emoji[1].length, to: caret };
  const mention = MENTION.exec(before);
  if (!mention) return undefined;
  const query = mention[1] ?? '';
  return { kind: 'mention', query, from: caret - query.length - 1, to: caret };
}

/** The text with the word replaced, and where the caret goes. */
export function complete(text: string, { from, to }: Trigger, replacement: string): { text: string; caret: number } {
  const rest = text.slice(to);
  const insert = rest.startsWith(' ') ? replacement : `${replacement} `;
  return { text: text.slice(0, from) + insert + rest, caret: from + replacement.length + 1 };
}

/** People whose name, or a word of it, starts with the query; those whose whole name does come first. */
export function rankNames<T extends { name: string }>(people: readonly T[], query: string, limit: number): T[] {
  const wanted = query.trim().toLocaleLowerCase();
  const rank = ({ name }: T) => {
    const lower = name.toLocaleLowerCase();
    if (lower.startsWith(wanted)) return 0;
    return lower.split(/\s+/u).some((word) => word.startsWith(wanted)) ? 1 : -1;
  };
  return people
    .filter((person) => rank(person) >= 0)
    .sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
    .slice(0, limit);
}
