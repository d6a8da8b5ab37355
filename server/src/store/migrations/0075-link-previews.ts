import type { MigrationInterface, QueryRunner } from 'typeorm';
import { planSettings } from './0001-append.ts';

const tables = `
alter table message_state
  add column previews jsonb,
  -- Entries that carry previews, scrubbed when the message is deleted.
  add column preview_seqs bigint[] not null default '{}',
  -- Somebody took them away: they do not come back.
  add column previews_off boolean not null default false;

-- Pictures of previews belong to nobody: they are in no quota, and stay when whoever posted the link is gone.
alter table files alter column owner_id drop not null;

-- What was found at a URL, and that nothing was.
create table link_previews (
  -- SHA-256: a URL may be longer than an index takes.
  url_hash bytea primary key,
  host text not null,
  -- For whom it was fetched the last time, and when: both are limited.
  fetched_by uuid not null,
  fetched_at timestamptz not null default now(),
  expires_at timestamptz not null,
  -- Null: there is nothing to show.
  preview jsonb
);
create index link_previews_host on link_previews (host, fetched_at);
create index link_previews_fetched_by on link_previews (fetched_by, fetched_at);
create index link_previews_expires on link_previews (expires_at)`;

/** True: it may be fetched now, and is counted. One after the other for each person and each host, so that the limits hold. */
const claim = `
create function claim_preview(p_hash bytea, p_host text, p_user uuid, p_per_minute integer, p_per_hour integer) returns boolean
language plpgsql
as $fn$
begin
  -- Always in this order: people never wait for hosts that wait for people.
  perform pg_advisory_xact_lock(72516075, hashtext(p_user::text));
  perform pg_advisory_xact_lock(72516076, hashtext(p_host));
  if (select count(*) from link_previews l where l.host = p_host and l.fetched_at > now() - interval '1 minute') >= p_per_minute
    or (select count(*) from link_previews l where l.fetched_by = p_user and l.fetched_at > now() - interval '1 hour') >= p_per_hour then
    return false;
  end if;
  -- Expired: nothing is known yet.
  insert into link_previews (url_hash, host, fetched_by, expires_at) values (p_hash, p_host, p_user, now())
  on conflict (url_hash) do update set host = excluded.host, fetched_by = excluded.fetched_by, fetched_at = now();
  return true;
end
$fn$`;

/**
 * The previews of a message as they are from now on, as an entry. p_of: the entry (message or edit) whose body they were made of; when
 * the body is another by now, the job of that edit does it. Null: a person takes them away.
 */
const append = `
create function append_previews(
  p_conversation uuid, p_id uuid, p_actor uuid, p_client uuid, p_message uuid, p_previews jsonb, p_of bigint, p_expect integer
) returns jsonb
language plpgsql ${planSettings}
as $fn$
declare
  v_conversation conversations;
  v_message entries;
  v_entry entries;
  v_state message_state;
begin
  select * into v_conversation from conversations c where c.id = p_conversation and c.deleted_at is null for no key update;
  if not found then return jsonb_build_object('status', 'missing'); end if;
  select * into v_entry from entries e where e.conversation_id = p_conversation and e.id = p_id;
  if found then return change_json('duplicate', v_entry, v_conversation, null); end if;
  if p_expect <> v_conversation.member_version then
    return jsonb_build_object('status', 'stale', 'memberVersion', v_conversation.member_version);
  end if;
  select * into v_message from entries e where e.conversation_id = p_conversation and e.id = p_message and e.type = 'message';
  if not found or v_message.hidden then return jsonb_build_object('status', 'gone'); end if;
  select * into v_state from message_state s where s.conversation_id = p_conversation and s.message_id = p_message;
  if p_of is not null and (v_state.previews_off
    or p_of <> coalesce(v_state.edit_seqs[cardinality(v_state.edit_seqs)], v_message.seq)) then
    return jsonb_build_object('status', 'unchanged', 'seq', v_conversation.last_seq);
  end if;
  insert into message_state as s (conversation_id, message_id, previews, previews_off)
  values (p_conversation, p_message, nullif(p_previews, '[]'), p_of is null)
  on conflict (conversation_id, message_id) do update set previews = excluded.previews, previews_off = excluded.previews_off;
  -- Pictures that it shows no more; whoever wrote the message may have attached others.
  delete from file_uses u using files f
  where u.conversation_id = p_conversation and u.message_id = p_message and f.id = u.file_id and f.owner_id is null
    and not exists (select 1 from jsonb_array_elements(p_previews) p where p -> 'image' ->> 'fileId' = f.id::text)
    and not exists (select 1 from jsonb_array_elements(v_message.data -> 'attachments') a where a ->> 'fileId' = f.id::text);
  if coalesce(v_state.previews, '[]') = p_previews then
    return jsonb_build_object('status', 'unchanged', 'seq', v_conversation.last_seq);
  end if;
  v_entry := write_entry(p_conversation, p_id, 'preview', p_actor, p_client,
    jsonb_build_object('messageId', p_message, 'previews', p_previews));
  update message_state s set preview_seqs = s.preview_seqs || v_entry.seq
  where s.conversation_id = p_conversation and s.message_id = p_message;
  return change_json('stored', v_entry, v_conversation, write_batch(p_conversation, v_entry.seq, v_entry.seq));
end
$fn$`;

const scrub = (state: string, entries: string) => `
create or replace function scrub_message(p_message entries, p_at timestamptz) returns void
language plpgsql ${planSettings}
as $fn$
declare
  v_parent uuid := coalesce(p_message.data ->> 'threadRoot', p_message.data ->> 'replyTo')::uuid;
  v_state message_state;
begin
  insert into message_state as s (conversation_id, message_id, deleted_at) values (p_message.conversation_id, p_message.id, p_at)
  on conflict (conversation_id, message_id) do update set body = null, pinned_at = null, deleted_at = excluded.deleted_at${state}
  returning s.* into v_state;
  update entries e
  set hidden = true, data = jsonb_strip_nulls(jsonb_build_object('body', '', 'replyTo', e.data -> 'replyTo', 'threadRoot', e.data -> 'threadRoot'))
  where e.conversation_id = p_message.conversation_id and e.seq = p_message.seq;
  update entries e set data = jsonb_set(e.data, '{body}', '""')
  where e.conversation_id = p_message.conversation_id and e.seq = any (v_state.edit_seqs);
${entries}  delete from reactions r where r.conversation_id = p_message.conversation_id and r.message_id = p_message.id;
  update message_state s set reply_count = greatest(s.reply_count - 1, 0)
  where s.conversation_id = p_message.conversation_id and s.message_id = v_parent;
end
$fn$`;

const scrubPreviews = `  update entries e set data = jsonb_set(e.data, '{previews}', '[]')
  where e.conversation_id = p_message.conversation_id and e.seq = any (v_state.preview_seqs);
`;

/** Previews of links: part of the folded message, as reactions are, and made after it was sent. */
export class LinkPreviews0075 implements MigrationInterface {
  name = 'LinkPreviews1763733600075';

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [tables, claim, append, scrub(', previews = null', scrubPreviews)]) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(scrub('', ''));
    await runner.query('drop function append_previews(uuid, uuid, uuid, uuid, uuid, jsonb, bigint, integer)');
    await runner.query('drop function claim_preview(bytea, text, uuid, integer, integer)');
    await runner.query('drop table link_previews');
    await runner.query('delete from files where owner_id is null');
    await runner.query('alter table files alter column owner_id set not null');
    await runner.query('alter table message_state drop column previews, drop column preview_seqs, drop column previews_off');
  }
}
