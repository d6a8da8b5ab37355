import type { MigrationInterface, QueryRunner } from 'typeorm';
import { planSettings } from './0001-append.ts';

/**
 * What nearly every batch is: all of it new, and authorised against the member versions of now. It stores all or, by an error,
 * nothing; `append_entries` then says row by row why. It asks no index for duplicates, since the unique keys refuse them.
 * Measured for 3 rows: 250 to 300 us of CPU, `append_entries` 420 to 510.
 *
 * Conversations are locked in the order of their ids by the index scan over the sorted array: without bitmap scans there is no
 * other plan, so that two batches wait for each other, never for ever.
 */
export const append = `
create function append_fresh(
  p_conversations uuid[], p_counts integer[], p_expect integer[],
  p_position integer[], p_rank integer[], p_id uuid[], p_type text[], p_actor uuid[], p_client uuid[], p_data text[]
) returns table (last_seqs bigint[], ats text[], member_versions integer[], routings text[], batch_id bigint)
language plpgsql ${planSettings} set enable_bitmapscan = off
as $fn$
#variable_conflict use_column
declare
  v_bases bigint[];
  v_ats timestamptz[];
begin
  with moved as (
    -- The time is read after the lock, so that times do not run against the numbers.
    update conversations c
    set last_seq = c.last_seq + p_counts[array_position(p_conversations, c.id)], last_at = clock_timestamp(),
      changed_xid = pg_current_xact_id()::text::bigint
    where c.id = any (p_conversations) and c.deleted_at is null
      and c.member_version = coalesce(p_expect[array_position(p_conversations, c.id)], c.member_version)
    returning array_position(p_conversations, c.id) as position, c.last_seq, c.last_at, c.member_version, c.routing
  )
  select array_agg(m.last_seq order by m.position), array_agg(m.last_seq - p_counts[m.position] order by m.position),
    array_agg(m.last_at order by m.position), array_agg(m.member_version order by m.position), array_agg(m.routing order by m.position)
  into last_seqs, v_bases, v_ats, member_versions, routings
  from moved m;
  if cardinality(last_seqs) is distinct from cardinality(p_conversations) then
    raise exception 'a conversation of the batch is gone, or its members changed' using errcode = 'CC001';
  end if;

  insert into entries (conversation_id, seq, id, type, actor_id, client_msg_id, at, data)
  select p_conversations[i.position], v_bases[i.position] + i.rank, i.id, i.type, i.actor_id, i.client_msg_id, v_ats[i.position], i.data::jsonb
  from unnest(p_position, p_rank, p_id, p_type, p_actor, p_client, p_data) as i (position, rank, id, type, actor_id, client_msg_id, data);

  insert into batches (conversation_ids, from_seqs, to_seqs)
  values (p_conversations, array(select b.base + 1 from unnest(v_bases) with ordinality as b (base, ord) order by b.ord), last_seqs)
  returning id into batch_id;
  ats := array(select iso(a.at) from unnest(v_ats) with ordinality as a (at, ord) order by a.ord);
  return next;
end
$fn$`;

export class AppendFresh0091 implements MigrationInterface {
  name = 'AppendFresh1763733600091';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(append);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'drop function append_fresh(uuid[], integer[], integer[], integer[], integer[], uuid[], text[], uuid[], uuid[], text[])',
    );
  }
}
