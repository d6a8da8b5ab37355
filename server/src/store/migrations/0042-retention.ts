import type { MigrationInterface, QueryRunner } from 'typeorm';
import { planSettings } from './0001-append.ts';

const column = 'alter table conversations add column trimmed_seq bigint not null default 0';

/**
 * Takes the oldest entries of one conversation, at most p_limit: one short transaction that holds one lock. Entries are in
 * the order of time, so what is old is a beginning; the numbers go on where they were. Null: nothing is that old.
 */
export const purgeEntries = `
create function purge_entries(p_before timestamptz, p_limit integer) returns jsonb language plpgsql ${planSettings}
as $fn$
declare
  v_conversation conversations;
  v_to bigint;
  v_messages uuid[];
begin
  select c.* into v_conversation from conversations c
  where exists (select 1 from entries e where e.conversation_id = c.id and e.seq = c.trimmed_seq + 1 and e.at < p_before)
  limit 1 for no key update skip locked;
  if not found then return null; end if;
  select max(x.seq), array_agg(x.id) filter (where x.type = 'message') into v_to, v_messages
  from (
    select e.seq, e.id, e.type, e.at from entries e
    where e.conversation_id = v_conversation.id and e.seq > v_conversation.trimmed_seq
    order by e.seq limit p_limit
  ) x where x.at < p_before;
  delete from message_state s where s.conversation_id = v_conversation.id and s.message_id = any (v_messages);
  delete from reactions r where r.conversation_id = v_conversation.id and r.message_id = any (v_messages);
  delete from message_search s where s.conversation_id = v_conversation.id and s.message_id = any (v_messages);
  -- The files themselves go with the sweep of those that no message shows.
  delete from file_uses f where f.conversation_id = v_conversation.id and f.message_id = any (v_messages);
  delete from entries e where e.conversation_id = v_conversation.id and e.seq > v_conversation.trimmed_seq and e.seq <= v_to;
  update conversations c set trimmed_seq = v_to, changed_xid = pg_current_xact_id()::text::bigint where c.id = v_conversation.id;
  return jsonb_build_object('conversationId', v_conversation.id, 'to', v_to, 'messages', coalesce(cardinality(v_messages), 0));
end
$fn$`;

export class Retention0042 implements MigrationInterface {
  name = 'Retention1763733600042';

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [column, purgeEntries]) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function purge_entries(timestamptz, integer)');
    await runner.query('alter table conversations drop column trimmed_seq');
  }
}
