import type { MigrationInterface, QueryRunner } from 'typeorm';
import { planSettings } from './0001-append.ts';
import { indexer as indexerOf0100 } from './0100-index-pages.ts';
import { edited } from './edited.ts';

/**
 * Ages: the index of words also holds for each message of which time it is, by a key like that of its conversation. So what was said
 * often and is said no more can be asked for in one time after the other; without them the index hands out every message that has it.
 */
const ages = `
-- A message is of the newest age that begins at its time or before. Age 0 has no key: what was indexed before there were ages.
create table search_ages (
  id integer primary key,
  low_at timestamptz(3) not null unique,
  -- The newest time in it, and how many were indexed, edits included: when the next age begins.
  high_at timestamptz(3),
  size integer not null default 0
) with (fillfactor = 70);
-- No pass runs meanwhile that would index what comes after this moment without a key.
select pg_advisory_xact_lock(7251604130);
insert into search_ages (id, low_at) values
  (0, '-infinity'), (1, case when exists (select from message_search) then clock_timestamp() else 'epoch' end);

create function grow_search_ages(p_count integer, p_high timestamptz) returns void
language plpgsql ${planSettings}
as $fn$
begin
  update search_ages set size = size + p_count, high_at = greatest(high_at, p_high) where id = (select max(id) from search_ages);
  insert into search_ages (id, low_at)
  select a.id + 1, a.high_at + interval '1 ms' from search_ages a where a.id = (select max(id) from search_ages) and a.size >= 20000;
end
$fn$;

-- Before a history is indexed from nothing (after a restore), which goes through it by conversations and not by time.
create function seed_search_ages() returns void language plpgsql
as $fn$
declare
  v_count integer := (select floor(sum(last_seq) / 20000) from conversations where deleted_at is null);
begin
  if exists (select from message_search) then return; end if;
  delete from search_ages where id > 1;
  update search_ages set low_at = 'epoch', high_at = null, size = 0 where id = 1;
  if v_count < 2 then return; end if;
  insert into search_ages (id, low_at)
  select row_number() over (order by b.low_at) + 1, b.low_at
  from (
    select distinct unnest(percentile_disc(array(select k::float / v_count from generate_series(1, v_count - 1) k))
      within group (order by e.at)) as low_at
    from entries e tablesample system (least(100, greatest(1, 1000 / v_count)))
  ) b
  where b.low_at is not null;
end
$fn$;

-- The newest of what the index has for these words, at the times from p_low on and below (p_high, p_high_id). When there are more
-- than p_most, which of them is left open. Access is decided here, too. Only bitmap scans: with few rows asked for, and nothing known
-- of where they are, every other plan hopes to find them soon. Three questions to the index in place of one with "and": it leaps over
-- what one of them has and another one has not, and so sees at once that a word was not said in an age.
create function search_hits(
  p_user uuid, p_conversation uuid, p_words tsquery, p_keys tsquery, p_ages tsquery,
  p_low timestamptz, p_high timestamptz, p_high_id uuid, p_most integer, p_limit integer,
  out size integer, out hits jsonb
) language plpgsql stable
set enable_seqscan = off set enable_indexscan = off set plan_cache_mode = force_custom_plan
as $fn$
begin
  with mine as materialized (
    select m.conversation_id, m.first_seq from members m join conversations c on c.id = m.conversation_id and c.deleted_at is null
    where m.user_id = p_user and m.left_at is null and (p_conversation is null or m.conversation_id = p_conversation)
  ), indexed as materialized (
    select s.conversation_id, s.seq, s.at, s.message_id from message_search s join mine on mine.conversation_id = s.conversation_id
    where s.words @@ p_words and (p_keys is null or s.words @@ p_keys) and (p_ages is null or s.words @@ p_ages)
      and s.seq >= mine.first_seq and s.at >= p_low and (s.at, s.message_id) < (p_high, p_high_id)
    limit p_most + 1
  )
  select (select count(*) from indexed), coalesce((
    select jsonb_agg(jsonb_build_object('conversationId', h.conversation_id, 'seq', h.seq))
    from (select * from indexed order by at desc, message_id desc limit p_limit) h), '[]')
  into size, hits;
end
$fn$`;

/** As in 0100, with ages. */
const indexer = edited(indexerOf0100, [
  ['  v_count integer;\n', '  v_count integer;\n  v_newest integer;\n  v_grown integer;\n  v_high timestamptz;\n'],
  ['  if v_full then\n', '  if v_full then\n    perform seed_search_ages();\n'],
  ['  with touched as materialized (\n', '  v_newest := (select max(id) from search_ages);\n  with touched as materialized (\n'],
  [
    "e.data ? 'attachments' as has_file,",
    `e.data ? 'attachments' as has_file,
      (select a.id from search_ages a where a.low_at <= e.at order by a.low_at desc limit 1) as age,`,
  ],
  [
    "case when t.has_file then array[E'\\x01f'] else '{}' end)",
    `case when t.has_file then array[E'\\x01f'] else '{}' end
        || case when t.age > 0 then array[E'\\x01a' || t.age] else '{}' end)`,
  ],
  [
    '  select count(*) into v_count from texts;\n',
    `  select count(*), count(*) filter (where t.age = v_newest), max(t.at) filter (where t.age = v_newest)
  into v_count, v_grown, v_high from texts t;
  if v_grown > 0 then perform grow_search_ages(v_grown, v_high); end if;
`,
  ],
]);

export class SearchAges0102 implements MigrationInterface {
  name = 'SearchAges1763733600102';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(ages);
    await runner.query(indexer);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(indexerOf0100);
    await runner.query(`drop function search_hits(uuid, uuid, tsquery, tsquery, tsquery, timestamptz, timestamptz, uuid, integer, integer);
      drop function grow_search_ages(integer, timestamptz); drop function seed_search_ages(); drop table search_ages`);
  }
}
