import pg from 'pg';

type Parse = (value: string) => unknown;

const { types } = pg;

/** One dimension, nothing in quotes. */
const PLAIN = /^\{[^"\\{}]*\}$/;

function parserOf(oid: number, toElement: (text: string) => unknown): Parse {
  const full = types.getTypeParser(oid, 'text') as Parse;
  return (value) => {
    if (!PLAIN.test(value) || value.includes('NULL')) return full(value);
    const inner = value.slice(1, -1);
    return inner === '' ? [] : inner.split(',').map((text) => toElement(text));
  };
}

/**
 * Parsers of array types by their OID. Those of node-postgres go letter by letter, which was 4 % of a busy pod's time for the answers of
 * the append; they still read what is not plain.
 */
export const arrayParsers: ReadonlyMap<number, Parse> = new Map([
  [1_000, parserOf(1_000, (text) => text === 't')], // boolean[]
  [1_007, parserOf(1_007, Number)], // integer[]
  [1_009, parserOf(1_009, String)], // text[]
  [1_016, parserOf(1_016, String)], // bigint[], of which node-postgres makes texts
]);

/** The literal of an array of UUIDs, numbers or words, none of which needs quotes. */
export function plainArray(values: readonly (string | number | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

/** The literal of an array of JSON texts: what JSON escapes in a string (quotes and backslashes, since a JSON text has no control characters) Postgres reads back. */
export function jsonArray(texts: readonly string[]): string {
  return `{${texts.map((text) => JSON.stringify(text)).join(',')}}`;
}
