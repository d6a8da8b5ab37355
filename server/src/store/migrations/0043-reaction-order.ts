import type { MigrationInterface, QueryRunner } from 'typeorm';
import { planSettings } from './0001-append.ts';

const byTime = `    insert into reactions (conversation_id, message_id, emoji, user_id, created_at)
    values (p_message.conversation_id, p_message.id, p_data ->> 'emoji', p_actor, clock_timestamp())`;

/** An emoji that is there keeps its place; the conversation's row is locked, so the next seq is that of the entry. */
const byEntry = `    insert into reactions (conversation_id, message_id, emoji, user_id, created_at, first_seq)
    select c.id, p_message.id, p_data ->> 'emoji', p_actor, clock_timestamp(), case when f.is_there then f.first_seq else c.last_seq + 1 end
    from conversations c, (
      select count(*) > 0 as is_there, min(r.first_seq) as first_seq from reactions r
      where r.conversation_id = p_message.conversation_id and r.message_id = p_message.id and r.emoji = p_data ->> 'emoji'
    ) f where c.id = p_message.conversation_id`;

const foldState = (insert: string) => `
create or replace function fold_state(p_message entries, p_type text, p_actor uuid, p_data jsonb) returns boolean
language plpgsql ${planSettings}
as $fn$
declare
  v_on boolean := (p_data ->> 'on')::boolean;
begin
  if p_type = 'reaction' and v_on then
${insert}
    on conflict do nothing;
    return found;
  elsif p_type = 'reaction' then
    delete from reactions r
    where r.conversation_id = p_message.conversation_id and r.message_id = p_message.id
      and r.emoji = p_data ->> 'emoji' and r.user_id = p_actor;
    return found;
  elsif p_type = 'pin' and v_on then
    insert into message_state as s (conversation_id, message_id, pinned_at)
    values (p_message.conversation_id, p_message.id, clock_timestamp())
    on conflict (conversation_id, message_id) do update set pinned_at = excluded.pinned_at where s.pinned_at is null;
    return found;
  elsif p_type = 'pin' then
    update message_state s set pinned_at = null
    where s.conversation_id = p_message.conversation_id and s.message_id = p_message.id and s.pinned_at is not null;
    return found;
  end if;
  return p_type in ('edit', 'delete');
end
$fn$;`;

/** Pinned when the entry says so, as everybody who folds the entries knows it. */
const pinAt = `  elsif p_type = 'pin' then
    update message_state s set pinned_at = v_entry.at
    where s.conversation_id = p_conversation and s.message_id = v_message.id and s.pinned_at is not null;
`;

const appendChange = (afterwards: string) => `
create or replace function append_change(
  p_conversation uuid, p_id uuid, p_type text, p_actor uuid, p_client uuid, p_data jsonb, p_expect integer
) returns jsonb
language plpgsql ${planSettings}
as $fn$
declare
  v_conversation conversations;
  v_message entries;
  v_entry entries;
begin
  select * into v_conversation from conversations c where c.id = p_conversation and c.deleted_at is null for no key update;
  if not found then return jsonb_build_object('status', 'missing'); end if;
  select * into v_entry from entries e where e.conversation_id = p_conversation and e.id = p_id;
  if found then return change_json('duplicate', v_entry, v_conversation, null); end if;
  if p_expect <> v_conversation.member_version then
    return jsonb_build_object('status', 'stale', 'memberVersion', v_conversation.member_version);
  end if;
  select * into v_message from entries e
  where e.conversation_id = p_conversation and e.id = (p_data ->> 'messageId')::uuid and e.type = 'message';
  if not found or (v_message.hidden and p_type <> 'delete') then return jsonb_build_object('status', 'gone'); end if;
  if v_message.hidden or not fold_state(v_message, p_type, p_actor, p_data) then
    return jsonb_build_object('status', 'unchanged', 'seq', v_conversation.last_seq);
  end if;

  v_entry := write_entry(p_conversation, p_id, p_type, p_actor, p_client, p_data);
  if p_type = 'edit' then
    insert into message_state as s (conversation_id, message_id, body, edited_at, edit_seqs)
    values (p_conversation, v_message.id, p_data ->> 'body', v_entry.at, array[v_entry.seq])
    on conflict (conversation_id, message_id) do update
    set body = excluded.body, edited_at = excluded.edited_at, edit_seqs = s.edit_seqs || excluded.edit_seqs;
  elsif p_type = 'delete' then
    perform scrub_message(v_message, v_entry.at);
${afterwards}  end if;
  return change_json('stored', v_entry, v_conversation, write_batch(p_conversation, v_entry.seq, v_entry.seq));
end
$fn$;`;

/**
 * Reactions stand in the order in which their emoji came, as who watches live sees it: it does not matter whether the one who
 * was first took theirs back. The previous release goes on by `created_at`.
 */
export class ReactionOrder0043 implements MigrationInterface {
  name = 'ReactionOrder1763733600043';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table reactions add column first_seq bigint');
    for (const sql of [foldState(byEntry), appendChange(pinAt)]) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const sql of [foldState(byTime), appendChange('')]) await runner.query(sql);
    await runner.query('alter table reactions drop column first_seq');
  }
}
