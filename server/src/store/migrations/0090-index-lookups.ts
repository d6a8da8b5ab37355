import type { MigrationInterface, QueryRunner } from 'typeorm';
import { planSettings } from './0001-append.ts';
import { indexer as indexerOf0076, withLinks } from './0076-preview-jobs.ts';

/**
 * As in 0076, with each lookup as one (`offset 0`, `limit 1`): a plan that was made while the tables were empty walked through
 * all entries for each message of a pass. Measured with 20,000 messages: 4,600 µs of CPU for each that was indexed, and growing; now 65.
 * The words as written are worked out once for both of their uses.
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
  update search_state set ran_at = clock_timestamp(), epoch = v_epoch,
    xid = case when coalesce(v_all, true) then v_safe when v_full then null else v_state.xid end;
  -- More is waiting: the caller goes on at once.
  return case when coalesce(v_all, true) then 0 else greatest(v_count, 1) end;
end
$fn$`;

export class IndexLookups0090 implements MigrationInterface {
  name = 'IndexLookups1763733600090';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(indexer);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(indexerOf0076(withLinks));
  }
}
