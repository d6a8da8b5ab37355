import type { MigrationInterface, QueryRunner } from 'typeorm';
import { planSettings } from './0001-append.ts';
import { indexer as indexerOf0090 } from './0090-index-lookups.ts';

/**
 * As in 0090, with the outbox read page by page. A pass that left something over had kept its cursor, so that each of the next
 * read all of the outbox since then and looked at all of its conversations: under a load of 2,900 messages a second 375 µs of a
 * backend for each, a processor of its own. Looking through everything (after a restore) compared each conversation with each.
 */
export const indexer = `
create or replace function index_messages(p_limit integer) returns integer
language plpgsql ${planSettings}
as $fn$
declare
  -- Before the first look at the outbox: what ends later is looked at again in the next pass.
  v_safe bigint := pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
  v_epoch bigint := (select epoch from installation);
  v_state search_state;
  v_full boolean;
  v_ids uuid[];
  v_from bigint[];
  v_to bigint[];
  -- The last transaction of this page; false: one of its conversations has more than one pass takes.
  v_upto bigint;
  v_whole boolean;
  v_all boolean;
  v_count integer;
begin
  if not pg_try_advisory_xact_lock(7251604130) then return -1; end if;
  select * into v_state from search_state;
  -- The outbox forgets after ten minutes, and its numbers mean nothing in another epoch.
  v_full := v_state.xid is null or v_state.epoch <> v_epoch or v_state.ran_at < clock_timestamp() - interval '5 min';
  if v_full then
    -- At least one range, and not many more entries than asked for.
    select array_agg(s.id), array_agg(s.low), array_agg(s.high), coalesce(bool_and(s.whole), true) and count(*) = max(s.of)
    into v_ids, v_from, v_to, v_all
    from (
      select r.*, sum(r.high - r.low + 1) over (order by r.id) - (r.high - r.low + 1) as before, count(*) over () as of
      from (
        select c.id, coalesce(p.seq, 0) + 1 as low, least(c.last_seq, coalesce(p.seq, 0) + p_limit) as high,
          c.last_seq <= coalesce(p.seq, 0) + p_limit as whole
        from conversations c
        left join lateral (select x.seq from search_progress x where x.conversation_id = c.id limit 1) p on true
        where c.deleted_at is null and c.last_seq > coalesce(p.seq, 0)
      ) r
    ) s
    where s.before < p_limit;
  else
    -- As they were stored, from the cursor on, so that a pass reads no more of the outbox than it works off. What a later
    -- transaction of this page stored in the same conversation, and all before it, can be seen too: its lock came first.
    with moved as materialized (
      select b.xid, r.id, coalesce(p.seq, 0) as done, r.high, r.high - greatest(r.low - 1, coalesce(p.seq, 0)) as size
      from batches b
      cross join lateral unnest(b.conversation_ids, b.from_seqs, b.to_seqs) as r (id, low, high)
      left join lateral (select x.seq from search_progress x where x.conversation_id = r.id limit 1) p on true
      where b.xid >= v_state.xid and r.high > coalesce(p.seq, 0)
        -- Nothing moves the progress of one that is deleted: it would come again and again.
        and exists (select 1 from conversations c where c.id = r.id and c.deleted_at is null)
      order by b.xid fetch first (p_limit) rows with ties
    ), counted as (
      select m.*, sum(m.size) over (order by m.xid) - sum(m.size) over (partition by m.xid) as before, count(*) over () as of from moved m
    ), page as materialized (
      select c.xid, c.id, c.done, c.high, c.of from counted c where c.before < p_limit
    ), ranges as (
      select g.id, min(g.done) + 1 as low, least(max(g.high), min(g.done) + p_limit) as high, max(g.high) <= min(g.done) + p_limit as whole
      from page g group by g.id
    ), extent as (
      select max(g.xid) as xid, count(*) = coalesce(max(g.of), 0) and coalesce(max(g.of), 0) < p_limit as is_all from page g
    )
    select array_agg(r.id), array_agg(r.low), array_agg(r.high), coalesce(bool_and(r.whole), true),
      (select x.xid from extent x), (select x.is_all from extent x)
    into v_ids, v_from, v_to, v_whole, v_upto, v_all
    from ranges r;
    v_all := v_all and v_whole;
  end if;

  with touched as materialized (
    select e.conversation_id, case when e.type = 'message' then e.id else (e.data ->> 'messageId')::uuid end as message_id, max(e.at) as at
    from unnest(v_ids, v_from, v_to) as r (conversation_id, low, high)
    cross join lateral (
      select x.conversation_id, x.id, x.type, x.at, x.data from entries x
      where x.conversation_id = r.conversation_id and x.seq between r.low and r.high offset 0
    ) e
    where e.type in ('message', 'edit', 'delete')
    group by 1, 2
  ), texts as materialized (
    select e.conversation_id, e.id, e.seq, e.at, e.actor_id, e.data ? 'attachments' as has_file, e.hidden, b.body,
      to_tsvector('chat_simple', b.body) as as_written,
      coalesce(s.edit_seqs[cardinality(s.edit_seqs)], e.seq) as of_seq,
      t.at > now() - interval '1 hour' and not coalesce(s.previews_off, false)
        and (s.previews is not null or coalesce(s.body, e.data ->> 'body') ~* 'https?://') as wants_preview
    from touched t
    cross join lateral (select x.* from entries x where x.conversation_id = t.conversation_id and x.id = t.message_id limit 1) e
    left join lateral (
      select x.* from message_state x where x.conversation_id = t.conversation_id and x.message_id = t.message_id limit 1
    ) s on true
    cross join lateral (
      select concat_ws(' ', coalesce(s.body, e.data ->> 'body'),
        (select string_agg(a ->> 'name', ' ') from jsonb_array_elements(e.data -> 'attachments') a)) as body offset 0
    ) b
  ), gone as (
    delete from message_search d using texts t where d.conversation_id = t.conversation_id and d.message_id = t.id and t.hidden
  ), written as (
    insert into message_search as d (conversation_id, message_id, seq, at, words)
    select t.conversation_id, t.id, t.seq, t.at,
      t.as_written || to_tsvector('chat_english', t.body) || to_tsvector('chat_german', t.body) || array_to_tsvector(
        array[search_key('c', t.conversation_id), search_key('u', t.actor_id)] || case when t.has_file then array[E'\\x01f'] else '{}' end)
    from texts t where not t.hidden
    on conflict (conversation_id, message_id) do update set words = excluded.words
  ), learned as (
    insert into search_words
    select l.lexeme from (select distinct w.lexeme from texts t, unnest(t.as_written) w where not t.hidden) l
    where length(l.lexeme) between 4 and 30 and l.lexeme ~ '^[[:alpha:]]+$'
    on conflict do nothing
  ), linked as (
    insert into jobs (kind, key, payload)
    select 'link-preview', t.id || ':' || t.of_seq,
      jsonb_build_object('conversationId', t.conversation_id, 'messageId', t.id, 'seq', t.of_seq)
    from texts t where t.wants_preview and not t.hidden
    on conflict do nothing
  )
  select count(*) into v_count from texts;

  insert into search_progress as p (conversation_id, seq)
  select r.conversation_id, r.high from unnest(v_ids, v_to) as r (conversation_id, high)
  on conflict (conversation_id) do update set seq = excluded.seq;
  update search_state set ran_at = clock_timestamp(), epoch = v_epoch, xid = case
    when coalesce(v_all, true) then v_safe
    when v_full then null
    when v_whole then least(v_upto, v_safe)
    else v_state.xid end;
  -- More is waiting: the caller goes on at once.
  return case when coalesce(v_all, true) then 0 else greatest(v_count, 1) end;
end
$fn$`;

export class IndexPages0100 implements MigrationInterface {
  name = 'IndexPages1763733600100';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(indexer);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(indexerOf0090);
  }
}
