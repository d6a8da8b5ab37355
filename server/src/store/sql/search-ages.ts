import type { Db } from './auth-keys.ts';
import type { Hit } from './search-window.ts';

/** A time whose messages have a key in the index of words. */
export interface Age {
  id: number;
  /** ISO 8601, inclusive; the first one begins with all times. */
  low: string;
}

/** Newest first; the last one is 0, of the messages without a key, unless all times have one. */
export async function listAges(db: Db): Promise<Age[]> {
  const sql = `
    select id, case when isfinite(low_at) then iso(low_at) else '-infinity' end as low from search_ages
    where id > 0 or not exists (select from search_ages where low_at = 'epoch') order by id desc`;
  return (await db.query<Age>({ name: 'search-ages', text: sql })).rows;
}

export interface IndexQuery {
  userId: string;
  conversationId: string | null;
  /** A `tsquery`. */
  query: string;
  /** A `tsquery` of the keys of the conversations, when there are not too many. */
  keys: string | null;
  /** Only these ages. @default all of them, age 0 too */
  ages?: number[];
  /** ISO 8601 or '-infinity', inclusive. */
  low: string;
  /** ISO 8601 or 'infinity': messages before this moment, or at this moment with a smaller id. */
  high: { at: string; id: string };
  /** When there are more, which of them are told is left open. */
  most: number;
  limit: number;
}

const hitsSql = `
  select h.size as found, h.hits
  from (select string_agg(quote_literal(E'\\x01a' || id), '|')::tsquery as ages from unnest($5::int[]) id) a,
    search_hits($1, $2, $3, $4, a.ages, $6, $7, $8, $9, $10) h`;

/** By the index of words; newest first. */
export async function searchHits(db: Db, search: IndexQuery): Promise<{ found: number; hits: Hit[] }> {
  const { userId, conversationId, query, keys, ages = [], low, high, most, limit } = search;
  const values = [userId, conversationId, query, keys, ages, low, high.at, high.id, most, limit];
  return (await db.query<{ found: number; hits: Hit[] }>(hitsSql, values)).rows[0]!;
}
