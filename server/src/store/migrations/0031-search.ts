import type { MigrationInterface, QueryRunner } from 'typeorm';
import { planSettings } from './0001-append.ts';
import { searchFunctions, similarWords } from './0031-search-query.ts';

/** Both come with Postgres, yet an installation may lack them or forbid them: search then knows no accents, or no typos. */
const extensions = `
do $do$
declare
  v_name text;
begin
  foreach v_name in array array['unaccent', 'pg_trgm'] loop
    begin
      execute format('create extension if not exists %I', v_name);
    exception when insufficient_privilege or undefined_file or feature_not_supported then
      raise notice 'extension % is not available', v_name;
    end;
  end loop;
end
$do$`;

const configurations = `
create text search configuration chat_simple (copy = simple);
create text search configuration chat_english (copy = english);
create text search configuration chat_german (copy = german);
do $do$
begin
  if exists (select 1 from pg_extension where extname = 'unaccent') then
    alter text search configuration chat_simple alter mapping for word, hword, hword_part with unaccent, simple;
    alter text search configuration chat_english alter mapping for word, hword, hword_part with unaccent, english_stem;
    alter text search configuration chat_german alter mapping for word, hword, hword_part with unaccent, german_stem;
  end if;
end
$do$`;

const tables = `
-- What can be found. Beside the messages themselves, so that sending pays nothing: the indexer of the workers fills it.
create table message_search (
  conversation_id uuid not null,
  message_id uuid not null,
  seq bigint not null,
  at timestamptz(3) not null,
  -- The words in three languages, and keys of the conversation, of the sender and of having a file: one index answers all.
  words tsvector not null,
  primary key (conversation_id, message_id)
) partition by hash (conversation_id);
do $do$
begin
  for i in 0..7 loop
    execute format('create table message_search_%s partition of message_search for values with (modulus 8, remainder %s)', i, i);
  end loop;
end
$do$;
-- Every search reads the list of what is not sorted in yet: kept short.
create index message_search_words on message_search using gin (words) with (fastupdate = on, gin_pending_list_limit = 256);

-- Up to where each conversation is indexed. Numbers have no gaps and commit in order, so this is exact.
create table search_progress (
  conversation_id uuid primary key,
  seq bigint not null
) with (fillfactor = 70);

-- Where the indexer looks for conversations with news: in the outbox from this transaction on. Null: in all conversations.
create table search_state (
  only_row boolean primary key default true check (only_row),
  xid bigint,
  epoch bigint not null default 0,
  ran_at timestamptz not null default now()
);
insert into search_state default values;

-- Every word that was ever written: what a mistyped one may have meant.
create table search_words (
  word text primary key
)`;

/**
 * One pass. One at a time over all pods (-1: another one works); everything in one call, so that a frozen pod holds nothing.
 * Each message is indexed as it is now, whatever entry led to it: doing it twice, or in another order, changes nothing.
 */
const indexer = `
create function index_messages(p_limit integer) returns integer
language plpgsql ${planSettings}
as $fn$
declare
  -- Before the first look at the outbox: what ends later is looked at again in the next pass.
  v_safe bigint := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
  v_epoch bigint := (select epoch from installation);
  v_state search_state;
  v_full boolean;
  v_moved uuid[];
  v_ids uuid[];
  v_from bigint[];
  v_to bigint[];
  v_all boolean;
  v_count integer;
begin
  if not pg_try_advisory_xact_lock(7251604130) then return -1; end if;
  select * into v_state from search_state;
  -- The outbox forgets after ten minutes, and its numbers mean nothing in another epoch.
  v_full := v_state.xid is null or v_state.epoch <> v_epoch or v_state.ran_at < clock_timestamp() - interval '5 min';
  if v_full then
    select array_agg(c.id) into v_moved from conversations c left join search_progress p on p.conversation_id = c.id
    where c.deleted_at is null and c.last_seq > coalesce(p.seq, 0);
  else
    select array_agg(distinct u.id) into v_moved from batches b, unnest(b.conversation_ids) as u (id) where b.xid >= v_state.xid;
  end if;
  -- At least one range, and not many more entries than asked for.
  select array_agg(s.id), array_agg(s.low), array_agg(s.high), coalesce(bool_and(s.whole), true) and count(*) = max(s.of)
  into v_ids, v_from, v_to, v_all
  from (
    select r.*, sum(r.high - r.low + 1) over (order by r.id) - (r.high - r.low + 1) as before, count(*) over () as of
    from (
      select c.id, coalesce(p.seq, 0) + 1 as low, least(c.last_seq, coalesce(p.seq, 0) + p_limit) as high,
        c.last_seq <= coalesce(p.seq, 0) + p_limit as whole
      from unnest(v_moved) as m (id) join conversations c on c.id = m.id and c.deleted_at is null
      left join search_progress p on p.conversation_id = c.id
      where c.last_seq > coalesce(p.seq, 0)
    ) r
  ) s
  where s.before < p_limit;

  with touched as materialized (
    select distinct e.conversation_id, case when e.type = 'message' then e.id else (e.data ->> 'messageId')::uuid end as message_id
    from unnest(v_ids, v_from, v_to) as r (conversation_id, low, high)
    join entries e on e.conversation_id = r.conversation_id and e.seq between r.low and r.high
    where e.type in ('message', 'edit', 'delete')
  ), texts as materialized (
    select e.conversation_id, e.id, e.seq, e.at, e.actor_id, e.data ? 'attachments' as has_file, e.hidden,
      concat_ws(' ', coalesce(s.body, e.data ->> 'body'),
        (select string_agg(a ->> 'name', ' ') from jsonb_array_elements(e.data -> 'attachments') a)) as body
    from touched t join entries e on e.conversation_id = t.conversation_id and e.id = t.message_id
    left join message_state s on s.conversation_id = e.conversation_id and s.message_id = e.id
  ), gone as (
    delete from message_search d using texts t where d.conversation_id = t.conversation_id and d.message_id = t.id and t.hidden
  ), written as (
    insert into message_search as d (conversation_id, message_id, seq, at, words)
    select t.conversation_id, t.id, t.seq, t.at, search_vector(t.body) || array_to_tsvector(
      array[search_key('c', t.conversation_id), search_key('u', t.actor_id)] || case when t.has_file then array[E'\\x01f'] else '{}' end)
    from texts t where not t.hidden
    on conflict (conversation_id, message_id) do update set words = excluded.words
  ), learned as (
    insert into search_words
    select distinct w.lexeme from texts t, unnest(to_tsvector('chat_simple', t.body)) w
    where not t.hidden and length(w.lexeme) between 4 and 30 and w.lexeme ~ '^[[:alpha:]]+$'
    on conflict do nothing
  )
  select count(*) into v_count from texts;

  insert into search_progress as p (conversation_id, seq)
  select r.conversation_id, r.high from unnest(v_ids, v_to) as r (conversation_id, high)
  on conflict (conversation_id) do update set seq = excluded.seq;
  update search_state set ran_at = clock_timestamp(), epoch = v_epoch,
    xid = case when coalesce(v_all, true) then v_safe when v_full then null else v_state.xid end;
  -- More is waiting: the caller goes on at once.
  return case when coalesce(v_all, true) then 0 else greatest(v_count, 1) end;
end
$fn$`;

export class Search0031 implements MigrationInterface {
  name = 'Search1763733600031';

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [extensions, configurations, tables, searchFunctions, similarWords, indexer]) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function index_messages(integer)');
    for (const table of ['message_search', 'search_progress', 'search_state', 'search_words']) await runner.query(`drop table ${table}`);
  }
}
