import { planSettings } from './0001-append.ts';

/** Edits, deletions, reactions and pins: one entry and its effect on the folded message, in one call. */
export const changes = `
create function change_json(p_status text, p_entry entries, p_conversation conversations, p_batch bigint) returns jsonb
language sql stable
  return jsonb_build_object('status', p_status, 'seq', p_entry.seq, 'at', iso(p_entry.at), 'entry', entry_json(p_entry),
    'memberVersion', p_conversation.member_version, 'routing', p_conversation.routing, 'batchId', p_batch::text);

-- Nothing of a deleted message stays readable: neither its body nor those of its edits, nor who reacted.
create function scrub_message(p_message entries, p_at timestamptz) returns void
language plpgsql ${planSettings}
as $fn$
declare
  v_parent uuid := coalesce(p_message.data ->> 'threadRoot', p_message.data ->> 'replyTo')::uuid;
  v_edits bigint[];
begin
  insert into message_state as s (conversation_id, message_id, deleted_at) values (p_message.conversation_id, p_message.id, p_at)
  on conflict (conversation_id, message_id) do update set body = null, pinned_at = null, deleted_at = excluded.deleted_at
  returning s.edit_seqs into v_edits;
  update entries e
  set hidden = true, data = jsonb_strip_nulls(jsonb_build_object('body', '', 'replyTo', e.data -> 'replyTo', 'threadRoot', e.data -> 'threadRoot'))
  where e.conversation_id = p_message.conversation_id and e.seq = p_message.seq;
  update entries e set data = jsonb_set(e.data, '{body}', '""')
  where e.conversation_id = p_message.conversation_id and e.seq = any (v_edits);
  delete from reactions r where r.conversation_id = p_message.conversation_id and r.message_id = p_message.id;
  update message_state s set reply_count = greatest(s.reply_count - 1, 0)
  where s.conversation_id = p_message.conversation_id and s.message_id = v_parent;
end
$fn$;

-- True when it changed something. Deletions need the entry's time and are done by scrub_message.
create function fold_state(p_message entries, p_type text, p_actor uuid, p_data jsonb) returns boolean
language plpgsql ${planSettings}
as $fn$
declare
  v_on boolean := (p_data ->> 'on')::boolean;
begin
  if p_type = 'reaction' and v_on then
    insert into reactions (conversation_id, message_id, emoji, user_id, created_at)
    values (p_message.conversation_id, p_message.id, p_data ->> 'emoji', p_actor, clock_timestamp())
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
$fn$;

create function append_change(
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
  end if;
  return change_json('stored', v_entry, v_conversation, write_batch(p_conversation, v_entry.seq, v_entry.seq));
end
$fn$;
`;
