import type { MigrationInterface, QueryRunner } from 'typeorm';
import { planSettings } from './0001-append.ts';
import { buildIndex, buildPartitionedIndex } from './build-index.ts';

/** Partial: a message that answers nothing costs the append path two key look-ups and no write. */
const threadIndex = (on: string) => `${on} (conversation_id, (coalesce(data ->> 'threadRoot', data ->> 'replyTo')), seq)
  where type = 'message' and (data ? 'threadRoot' or data ? 'replyTo')`;

const pinIndex = 'message_state (conversation_id, pinned_at) where pinned_at is not null';

/** As in 0001, but a pin carries the time of its entry: what a client builds from entries equals what it reads afresh. */
const appendChange = `
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
  elsif p_type = 'pin' and (p_data ->> 'on')::boolean then
    update message_state s set pinned_at = v_entry.at where s.conversation_id = p_conversation and s.message_id = v_message.id;
  elsif p_type = 'delete' then
    perform scrub_message(v_message, v_entry.at);
  end if;
  return change_json('stored', v_entry, v_conversation, write_batch(p_conversation, v_entry.seq, v_entry.seq));
end
$fn$`;

/**
 * What threads and pins are read by. Built without locking out the writers of the old release, partition by partition, so
 * not in a transaction; each step may be repeated after a death in the middle.
 */
export class Threads0030 implements MigrationInterface {
  name = 'Threads1763733600030';
  transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    const partitions = Array.from({ length: 16 }, (_, i) => `entries_${String(i).padStart(2, '0')}`);
    await buildPartitionedIndex(runner, { table: 'entries', suffix: 'thread', partitions, definition: threadIndex });
    await buildIndex(runner, 'message_state_pinned', pinIndex);
    await runner.query(appendChange);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index entries_thread');
    await runner.query('drop index message_state_pinned');
  }
}
