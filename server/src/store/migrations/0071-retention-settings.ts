import type { MigrationInterface, QueryRunner } from 'typeorm';
import { planSettings } from './0001-append.ts';
import { purgeEntries } from './0042-retention.ts';

/** One row. Null: what the environment says. 0: for ever. */
const table = `
create table retention_settings (
  id smallint primary key default 1 check (id = 1),
  messages_days integer check (messages_days between 0 and 36500),
  audit_days integer check (audit_days between 0 and 36500)
);
insert into retention_settings default values`;

/** Null: as all the others. 0: for ever. */
const column = `
alter table conversations add column retention_days integer,
  add constraint conversations_retention_days_check check (retention_days between 0 and 36500) not valid`;

/** What to take from one conversation whose row the caller has locked. */
const purgeConversation = `
create function purge_conversation(p_conversation uuid, p_trimmed bigint, p_before timestamptz, p_limit integer) returns jsonb
language plpgsql ${planSettings}
as $fn$
declare
  v_to bigint;
  v_messages uuid[];
begin
  select max(x.seq), array_agg(x.id) filter (where x.type = 'message') into v_to, v_messages
  from (
    select e.seq, e.id, e.type, e.at from entries e where e.conversation_id = p_conversation and e.seq > p_trimmed
    order by e.seq limit p_limit
  ) x where x.at < p_before;
  delete from message_state s where s.conversation_id = p_conversation and s.message_id = any (v_messages);
  delete from reactions r where r.conversation_id = p_conversation and r.message_id = any (v_messages);
  delete from message_search s where s.conversation_id = p_conversation and s.message_id = any (v_messages);
  -- The files themselves go with the sweep of those that no message shows.
  delete from file_uses f where f.conversation_id = p_conversation and f.message_id = any (v_messages);
  delete from entries e where e.conversation_id = p_conversation and e.seq > p_trimmed and e.seq <= v_to;
  update conversations c set trimmed_seq = v_to, changed_xid = pg_current_xact_id()::text::bigint where c.id = p_conversation;
  return jsonb_build_object('conversationId', p_conversation, 'to', v_to, 'messages', coalesce(cardinality(v_messages), 0));
end
$fn$`;

const isOld = (before: string) => `
    select 1 from entries e where e.conversation_id = c.id and e.seq = c.trimmed_seq + 1 and e.at < ${before}`;

/** Of conversations without a rule of their own; the release before calls it too, and so keeps to the rules. */
const purge = `
create or replace function purge_entries(p_before timestamptz, p_limit integer) returns jsonb language plpgsql ${planSettings}
as $fn$
declare
  v_id uuid;
  v_trimmed bigint;
begin
  select c.id, c.trimmed_seq into v_id, v_trimmed from conversations c
  where c.retention_days is null and exists (${isOld('p_before')}
  ) limit 1 for no key update skip locked;
  if not found then return null; end if;
  return purge_conversation(v_id, v_trimmed, p_before, p_limit);
end
$fn$`;

const purgeRuled = `
create function purge_ruled_entries(p_limit integer) returns jsonb language plpgsql ${planSettings}
as $fn$
declare
  v_id uuid;
  v_trimmed bigint;
  v_before timestamptz;
begin
  select c.id, c.trimmed_seq, now() - c.retention_days * interval '1 day' into v_id, v_trimmed, v_before from conversations c
  where c.retention_days > 0 and exists (${isOld("now() - c.retention_days * interval '1 day'")}
  ) limit 1 for no key update skip locked;
  if not found then return null; end if;
  return purge_conversation(v_id, v_trimmed, v_before, p_limit);
end
$fn$`;

export class RetentionSettings0071 implements MigrationInterface {
  name = 'RetentionSettings1763733600071';

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [table, column, purgeConversation, purge, purgeRuled]) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function purge_ruled_entries(integer)');
    await runner.query('drop function purge_entries(timestamptz, integer)');
    await runner.query(purgeEntries);
    await runner.query('drop function purge_conversation(uuid, bigint, timestamptz, integer)');
    await runner.query('alter table conversations drop column retention_days');
    await runner.query('drop table retention_settings');
  }
}
