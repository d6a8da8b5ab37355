import type { Fixture } from '../store/_fixture.ts';
import type { Hit } from '../store/sql/search-window.ts';
import type { NewestQuery } from './search-newest.ts';

/** Messages of a conversation: every `one`-th has the word, `gapMs` lie between two of them, the last is so old. */
export interface Filled {
  conversationId: string;
  count: number;
  one: number;
  gapMs: number;
  ageMs: number;
}

export const NOW = Date.UTC(2026, 0, 1);
export const lastAt = new Date(NOW).toISOString();

export async function fill({ store }: Fixture, { conversationId, count, one, gapMs, ageMs }: Filled): Promise<void> {
  await store.pool.query(
    `insert into message_search (conversation_id, message_id, seq, at, words)
     select $1, gen_random_uuid(), n, $2::timestamptz - ($3::bigint - n) * $4::float * interval '1 ms',
       to_tsvector('simple', case when n % $5 = 0 then 'common' else 'other' end) || coalesce((
         select array_to_tsvector(array[E'\\x01a' || a.id]) from (
           select max(id) as id from search_ages where low_at <= $2::timestamptz - ($3::bigint - n) * $4::float * interval '1 ms') a
         where a.id > 0), '')
     from generate_series(1, $3::bigint) n`,
    [conversationId, new Date(NOW - ageMs), count, gapMs, one],
  );
}

/** What is looked for without any shortcut. */
export async function findAll({ store }: Fixture, search: NewestQuery): Promise<(Hit & { at: string; id: string })[]> {
  const { userId, query, before: end, after: start, below, limit } = search;
  const { rows } = await store.pool.query<Hit & { at: string; id: string }>(
    `select s.conversation_id as "conversationId", s.seq, iso(s.at) as at, s.message_id as id from message_search s
     join members m on m.conversation_id = s.conversation_id and m.user_id = $1 and m.left_at is null and s.seq >= m.first_seq
     where coalesce(s.words @@ $2, true) and s.at < coalesce($3, 'infinity'::timestamptz) and s.at >= coalesce($4, '-infinity'::timestamptz)
       and ($5::timestamptz is null or (s.at, s.message_id) < ($5, $6::uuid))
     order by s.at desc, s.message_id desc limit $7`,
    [userId, query, end, start, below?.at ?? null, below?.id ?? null, limit],
  );
  return rows;
}
