import type { MigrationInterface, QueryRunner } from 'typeorm';
import { appendEntries as appendEntries0001 } from './0001-append.ts';
import { append as appendFresh0091 } from './0091-append-fresh.ts';
import { edited } from './edited.ts';

/**
 * Appending also tells whether the entry before was stored less than a second before: its publish may still be on its way, so that
 * the order on Redis waits for it even where Redis has forgotten the conversation.
 *
 * New names, since a prepared statement of the previous release refuses another type of result; the old names serve it.
 * `previous_at` carries the former `last_at` through UPDATE … RETURNING, which shows the new row only (before Postgres 18).
 */
export const fresh = edited(appendFresh0091, [
  ['create function append_fresh(', 'create function append_fresh_v2('],
  ['routings text[], batch_id bigint)', 'routings text[], batch_id bigint, close_behind boolean[])'],
  ['last_at = clock_timestamp(),', 'previous_at = c.last_at, last_at = clock_timestamp(),'],
  [
    'c.last_at, c.member_version, c.routing\n',
    `c.last_at, c.member_version, c.routing,
      c.last_at - c.previous_at < interval '1 s' as close_behind\n`,
  ],
  [
    'array_agg(m.routing order by m.position)\n',
    'array_agg(m.routing order by m.position),\n    array_agg(m.close_behind and m.last_seq > p_counts[m.position] order by m.position)\n',
  ],
  ['member_versions, routings\n', 'member_versions, routings, close_behind\n'],
]);

export const entries = edited(appendEntries0001, [
  ['create function append_entries(', 'create function append_entries_v2('],
  ['routing text, batch_id bigint)', 'routing text, batch_id bigint, close_behind boolean)'],
  ['c.last_seq, c.member_version, c.routing,', 'c.last_seq, c.last_at, c.member_version, c.routing,'],
  ['n.member_version, n.routing, b.id\n', "n.member_version, n.routing, b.id, n.last_seq > 0 and v_at - n.last_at < interval '1 s'\n"],
]);

const forThePreviousRelease = `
create or replace function append_fresh(
  p_conversations uuid[], p_counts integer[], p_expect integer[],
  p_position integer[], p_rank integer[], p_id uuid[], p_type text[], p_actor uuid[], p_client uuid[], p_data text[]
) returns table (last_seqs bigint[], ats text[], member_versions integer[], routings text[], batch_id bigint) language sql
as $fn$
  select a.last_seqs, a.ats, a.member_versions, a.routings, a.batch_id from append_fresh_v2($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) a
$fn$;
create or replace function append_entries(
  p_conversation uuid[], p_id uuid[], p_type text[], p_actor uuid[], p_client uuid[], p_data text[], p_expect integer[], p_replies boolean
) returns table (status text, seq bigint, at text, member_version integer, routing text, batch_id bigint) language sql
as $fn$
  select a.status, a.seq, a.at, a.member_version, a.routing, a.batch_id from append_entries_v2($1, $2, $3, $4, $5, $6, $7, $8) a
$fn$`;

/** Nothing stands before the first entry. The conversation is that of before an edit, a reaction or a pin; of a change of its members it is that of after, of which no more is known. */
export const change = `
create or replace function change_json(p_status text, p_entry entries, p_conversation conversations, p_batch bigint) returns jsonb
language sql stable
  return jsonb_build_object('status', p_status, 'seq', (p_entry).seq, 'at', iso((p_entry).at), 'entry', entry_json(p_entry),
    'memberVersion', (p_conversation).member_version, 'routing', (p_conversation).routing, 'batchId', (p_batch)::text,
    'closeBehind', (p_conversation).last_seq between 1 and (p_entry).seq - 1 and (p_entry).at - (p_conversation).last_at < interval '1 s')`;

export class CloseBehind0103 implements MigrationInterface {
  name = 'CloseBehind1763733600103';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table conversations add column previous_at timestamptz(3)');
    for (const text of [fresh, entries, forThePreviousRelease, change]) await runner.query(text);
  }

  async down(runner: QueryRunner): Promise<void> {
    const orReplace = (text: string) => text.replace('create function', 'create or replace function');
    for (const text of [appendFresh0091, appendEntries0001]) await runner.query(orReplace(text));
    await runner.query(`drop function append_fresh_v2(uuid[], integer[], integer[], integer[], integer[], uuid[], text[], uuid[], uuid[], text[]);
      drop function append_entries_v2(uuid[], uuid[], text[], uuid[], uuid[], text[], integer[], boolean);
      alter table conversations drop column previous_at`);
  }
}
