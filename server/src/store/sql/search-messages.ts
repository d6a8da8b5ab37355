import type { Message } from '@chatcluster/protocol';
import type { Db } from './auth-keys.ts';
import { messageJson } from './fragments.ts';
import { type Hit, mineSql } from './search-window.ts';

/** Above this many conversations the index is not asked for each of them: the rows are compared afterwards in any case. */
const KEYED_CONVERSATIONS = 300;

export interface SearchFilters {
  conversationId?: string;
  /** The sender. */
  from?: string;
  /** ISO 8601, exclusive. */
  before?: string;
  /** ISO 8601, inclusive. */
  after?: string;
  hasFile: boolean;
}

export interface SearchQuery extends SearchFilters {
  userId: string;
  /** A `tsquery`; null: only the filters count. */
  query: string | null;
  /** The last row of the page before. */
  below: { at: string; id: string } | null;
  limit: number;
}

export interface FoundMessage {
  at: string;
  id: string;
  message: Message;
  title: string;
}

export interface FoundRow extends Omit<FoundMessage, 'message'> {
  /** Null: it was deleted a moment ago; the index follows within the second. */
  message: Message | null;
}

/** What the conversation is called by this person: its title, or its people. */
const titleSql = `coalesce(c.title, (
  select string_agg(p.display_name, ', ')
  from (
    select u.display_name from members o join users u on u.id = o.user_id
    where o.conversation_id = c.id and o.user_id <> $1 and o.left_at is null order by o.joined_at, o.user_id limit 3
  ) p), '')`;

/**
 * Access is decided here: current members, from their first seq on, nothing deleted. Not a named statement: the plan depends on
 * how common the words are.
 */
export const indexSql = `
  with mine as materialized (${mineSql})
  select s.conversation_id as "conversationId", s.seq
  from message_search s join mine on mine.conversation_id = s.conversation_id
  where ($3::tsquery is null or s.words @@ $3) and s.seq >= mine.first_seq
    and ($4::timestamptz is null or s.at < $4) and ($5::timestamptz is null or s.at >= $5)
    and ($6::timestamptz is null or (s.at, s.message_id) < ($6, $7::uuid)) and ($9::tsquery is null or s.words @@ $9)
  order by s.at desc, s.message_id desc limit $8`;

/** Access once more: this is another snapshot. */
const rowsSql = `
  with mine as materialized (${mineSql})
  select iso(e.at) as at, e.id, ${titleSql} as title, case when not e.hidden then ${messageJson('$1')} end as message
  from unnest($3::uuid[], $4::bigint[]) as h (conversation_id, seq)
  join mine on mine.conversation_id = h.conversation_id and h.seq >= mine.first_seq
  -- "offset 0": as in load-sync.ts.
  cross join lateral (select x.* from entries x where x.conversation_id = h.conversation_id and x.seq = h.seq offset 0) e
  join conversations c on c.id = h.conversation_id
  order by e.at desc, e.id desc`;

const scopeSql = `
  with mine as materialized (${mineSql}), keys as (
    select count(*)::int as count, array_agg(mine.conversation_id) as ids, iso(coalesce(max(c.last_at), now())) as "lastAt"
    from mine join conversations c on c.id = mine.conversation_id
  ), filtered as (
    select both_of($3::tsquery, both_of(case when $5::uuid is not null then search_keys('u', array[$5]) end,
      case when $6 then quote_literal(E'\\x01f')::tsquery end)) as query
  )
  select k.count, k."lastAt", f.query::text, case when k.count <= $4 then search_keys('c', k.ids) end::text as keys
  from keys k, filtered f where k.count > 0`;

export interface Scope {
  /** Of conversations. */
  count: number;
  /** When something last happened in one of them. */
  lastAt: string;
  /** The words, and the keys of the filters; null: everything. */
  query: string | null;
  /** Of the conversations, when there are not too many. */
  keys: string | null;
}

/** Where the caller can look, and what for. Undefined: there is nothing to search in. */
export async function toScope(
  db: Db,
  search: Pick<SearchQuery, 'userId' | 'conversationId' | 'query' | 'from' | 'hasFile'>,
): Promise<Scope | undefined> {
  const { rows } = await db.query<Scope>({
    name: 'search-scope',
    text: scopeSql,
    values: [search.userId, search.conversationId ?? null, search.query, KEYED_CONVERSATIONS, search.from ?? null, search.hasFile],
  });
  return rows[0];
}

/** By the index of words, or of the keys of what is asked for; newest first. */
export async function searchIndex(db: Db, search: SearchQuery, { query, keys }: Pick<Scope, 'query' | 'keys'>): Promise<Hit[]> {
  const { userId, conversationId = null, before = null, after = null, below, limit } = search;
  const values = [userId, conversationId, query, before, after, below?.at ?? null, below?.id ?? null, limit, keys];
  return (await db.query<Hit>(indexSql, values)).rows;
}

/** What is still there of these, and may still be read; newest first. */
export async function loadFound(db: Db, userId: string, hits: Hit[]): Promise<FoundRow[]> {
  const values = [userId, null, hits.map((hit) => hit.conversationId), hits.map((hit) => hit.seq)];
  return (await db.query<FoundRow>(rowsSql, values)).rows;
}

const wordsSql = 'select search_query($1, $2, $3)::text as query';

/** Null: nothing is left to look for (stop words, only negations). */
export async function toSearchQuery(db: Db, rest: string, last: string, either: boolean): Promise<string | null> {
  const { rows } = await db.query<{ query: string | null }>({ name: 'search-words', text: wordsSql, values: [rest, last, either] });
  return rows[0]?.query ?? null;
}

const similarSql = 'select similar_words(w.word) as words from unnest($1::text[]) with ordinality as w (word, ord) order by w.ord';

/** For each word what may have been meant by it. */
export async function similarWords(db: Db, words: string[]): Promise<string[][]> {
  const { rows } = await db.query<{ words: string[] }>({ name: 'search-similar', text: similarSql, values: [words] });
  return rows.map((row) => row.words);
}

/** One word of each group. */
export async function toGroupsQuery(db: Db, groups: string[][]): Promise<string | null> {
  const { rows } = await db.query<{ query: string | null }>('select search_groups($1)::text as query', [JSON.stringify(groups)]);
  return rows[0]?.query ?? null;
}

const hitsSql = `
  select w.word from unnest($1::text[]) as w (word),
    (select either(search_any($2::text[]), case when $3 <> '' then to_tsquery('chat_simple', $3 || ':*') end) as query) q
  where search_vector(w.word) @@ q.query`;

/** Which of these words count as one of those looked for. */
export async function findHits(db: Db, candidates: string[], words: string[], prefix: string): Promise<Set<string>> {
  if (candidates.length === 0) return new Set();
  const { rows } = await db.query<{ word: string }>({ name: 'search-hits', text: hitsSql, values: [candidates, words, prefix] });
  return new Set(rows.map((row) => row.word));
}

/** One pass of the indexer, about this many entries. -1: another pod works; 0: everything is indexed; else there is more. */
export async function indexMessages(db: Db, limit: number): Promise<number> {
  const { rows } = await db.query<{ left: number }>('select index_messages($1) as left', [limit]);
  return rows[0]!.left;
}
