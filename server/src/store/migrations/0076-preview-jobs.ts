import type { MigrationInterface, QueryRunner } from 'typeorm';
import { planSettings } from './0001-append.ts';

interface LinkSql {
  columns: string;
  jobs: string;
}

const none: LinkSql = { columns: '', jobs: '' };

/**
 * Each entry passes the indexer once, so each body with a link becomes a job once; sending pays nothing, and nobody else reads all
 * messages again. A body without links matters only where there are previews to be taken away. An index that is built anew says
 * nothing of old messages.
 */
export const withLinks: LinkSql = {
  columns: `,
      coalesce(s.edit_seqs[cardinality(s.edit_seqs)], e.seq) as of_seq,
      t.at > now() - interval '1 hour' and not coalesce(s.previews_off, false)
        and (s.previews is not null or coalesce(s.body, e.data ->> 'body') ~* 'https?://') as wants_preview`,
  jobs: `, linked as (
    insert into jobs (kind, key, payload)
    select 'link-preview', t.id || ':' || t.of_seq,
      jsonb_build_object('conversationId', t.conversation_id, 'messageId', t.id, 'seq', t.of_seq)
    from texts t where t.wants_preview and not t.hidden
    on conflict do nothing
  )`,
};

/** As in 0031. */
export const indexer = (links: LinkSql) => `
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
    join entries e on e.conversation_id = r.conversation_id and e.seq between r.low and r.high
    where e.type in ('message', 'edit', 'delete')
    group by 1, 2
  ), texts as materialized (
    select e.conversation_id, e.id, e.seq, e.at, e.actor_id, e.data ? 'attachments' as has_file, e.hidden,
      concat_ws(' ', coalesce(s.body, e.data ->> 'body'),
        (select string_agg(a ->> 'name', ' ') from jsonb_array_elements(e.data -> 'attachments') a)) as body${links.columns}
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
  )${links.jobs}
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

export class PreviewJobs0076 implements MigrationInterface {
  name = 'PreviewJobs1763733600076';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(indexer(withLinks));
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(indexer(none));
    await runner.query("delete from jobs where kind = 'link-preview'");
  }
}
