/** What was typed into the search field, taken apart for the index. */
export interface SearchWords {
  /** For Postgres' `websearch_to_tsquery`: words, "phrases", `or`, `-not`. */
  rest: string;
  /** The last word, which may not be finished; '' when there is none. Letters and digits only. */
  last: string;
  /** `or` stands before the last word. */
  either: boolean;
  /** Every word that is looked for, for highlighting and for finding what a mistyped one may have meant. */
  words: string[];
}

const tokens = /(-?)"([^"]*)"?|(\S+)/gu;
const plainWord = /^[\p{L}\p{N}]+$/u;
/** A single letter begins half of all words. */
const PREFIX_MIN = 2;
/** More words only make the question slower. */
const WORDS_MAX = 20;

export function parseSearch(q: string): SearchWords {
  const parts = [...q.matchAll(tokens)].slice(0, WORDS_MAX);
  const final = parts.at(-1);
  const isUnfinished = final !== undefined && isPrefix(final[3]) && !/\s$/u.test(q);
  const last = isUnfinished ? final[3]! : '';
  const before = (isUnfinished ? parts.slice(0, -1) : parts).map(([token]) => token);
  const either = isUnfinished && /^or$/iu.test(before.at(-1) ?? '');
  const positive = parts.filter(([token]) => !token.startsWith('-') && !/^or$/iu.test(token));
  const words = positive.flatMap(([token]) => token.match(/[\p{L}\p{N}]+/gu) ?? []);
  return { rest: (either ? before.slice(0, -1) : before).join(' '), last, either, words: [...new Set(words)] };
}

function isPrefix(token: string | undefined): boolean {
  return token !== undefined && token.length >= PREFIX_MIN && plainWord.test(token) && !/^or$/iu.test(token);
}
