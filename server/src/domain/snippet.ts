export interface Snippet {
  text: string;
  /** Of `text`, in UTF-16 code units, the end excluded; ascending. */
  ranges: [number, number][];
}

const SNIPPET_CHARS = 200;
/** How much is shown in front of the first match. */
const LEAD_CHARS = 60;
const word = /[\p{L}\p{N}]+/gu;

/** Lower case without accents, as the index compares. */
function fold(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase().replaceAll('ß', 'ss');
}

/**
 * Words of these texts that may match one of the words looked for. Stems of the languages we know keep the beginning of a
 * word, so all others need not be asked for in Postgres.
 */
export function findCandidates(texts: string[], words: string[]): string[] {
  const beginnings = new Set(words.map((w) => fold(w).slice(0, 2)));
  const found = texts.flatMap((text) => text.match(word) ?? []);
  return [...new Set(found)].filter((w) => beginnings.has(fold(w).slice(0, 2)));
}

/** The part of the text around the first hit, with all hits inside it. */
export function cutSnippet(text: string, hits: ReadonlySet<string>): Snippet {
  const all = [...text.matchAll(word)].filter(([w]) => hits.has(w)).map((m) => [m.index, m.index + m[0].length] as const);
  const start = wordStart(text, (all[0]?.[0] ?? 0) - LEAD_CHARS);
  const end = wordEnd(text, start + SNIPPET_CHARS);
  const before = start > 0 ? '…' : '';
  const shift = before.length - start;
  return {
    text: before + text.slice(start, end).replace(/\s/gu, ' ') + (end < text.length ? '…' : ''),
    ranges: all.filter(([, to]) => to <= end).map(([from, to]) => [from + shift, to + shift]),
  };
}

function wordStart(text: string, at: number): number {
  if (at <= 0) return 0;
  const space = text.slice(at).search(/\s/u);
  // A text without spaces is cut where it must be, though never inside a character.
  return space >= 0 && space < LEAD_CHARS ? at + space + 1 : whole(text, at);
}

function wordEnd(text: string, at: number): number {
  if (at >= text.length) return text.length;
  const space = text.lastIndexOf(' ', at);
  return space > at - LEAD_CHARS ? space : whole(text, at);
}

/** Not between the two halves of a surrogate pair. */
function whole(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  return unit >= 0xdc00 && unit <= 0xdfff ? at - 1 : at;
}
