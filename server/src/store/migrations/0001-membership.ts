import { planSettings } from './0001-append.ts';

/**
 * Membership and conversations. Each call is one transaction that answers with the entries it wrote:
 * `{ status: 'changed', changes, userIds, memberVersion, routing, memberCount }`, or `missing`, `stale`, `full`, `unchanged`.
 */
export const membership = `
-- Two thresholds, so that a conversation of about a hundred does not switch with every person.
create function next_routing(p_routing text, p_members integer) returns text language sql immutable
  return case when p_members > 100 then 'conversation' when p_members < 80 then 'user' else p_routing end;

create function changed_json(p_conversation conversations, p_entries entries[], p_users uuid[], p_batch bigint) returns jsonb
language sql stable
as $fn$
  select jsonb_build_object('status', 'changed', 'memberVersion', p_conversation.member_version, 'routing', p_conversation.routing,
    'memberCount', p_conversation.member_count, 'userIds', to_jsonb(p_users),
    'changes', coalesce((select jsonb_agg(change_json('stored', e, p_conversation, p_batch) order by e.seq) from unnest(p_entries) e), '[]'))
$fn$;

-- Locks the conversation. Null: the caller may go on.
create function lock_conversation(p_conversation uuid, p_expect integer) returns jsonb
language plpgsql
as $fn$
declare
  v_version integer;
begin
  select c.member_version into v_version from conversations c where c.id = p_conversation and c.deleted_at is null for no key update;
  if not found then return jsonb_build_object('status', 'missing'); end if;
  if p_expect <> v_version then return jsonb_build_object('status', 'stale', 'memberVersion', v_version); end if;
  return null;
end
$fn$;

create function bump_members(p_conversation uuid, p_by integer) returns conversations language sql
as $fn$
  update conversations c
  set member_version = c.member_version + 1, member_count = c.member_count + p_by,
    routing = next_routing(c.routing, c.member_count + p_by), changed_xid = pg_current_xact_id()::text::bigint
  where c.id = p_conversation
  returning c.*
$fn$;

create function create_conversation(p jsonb) returns jsonb
language plpgsql
as $fn$
declare
  v_creator uuid := (p ->> 'creatorId')::uuid;
  v_users uuid[];
  v_conversation conversations;
  v_entry entries;
begin
  select array_agg(distinct u.id) into v_users
  from (
    select v_creator as id
    union
    select users.id from jsonb_array_elements_text(p -> 'memberIds') m join users on users.id = m::uuid and users.deleted_at is null
  ) u;
  insert into conversations (id, kind, title, topic, history, matched, created_by, direct_key, client_id, member_count, routing)
  values ((p ->> 'id')::uuid, p ->> 'kind', p ->> 'title', p ->> 'topic', p ->> 'history', coalesce((p ->> 'matched')::boolean, false),
    v_creator, p ->> 'directKey', (p ->> 'clientId')::uuid, cardinality(v_users), next_routing('user', cardinality(v_users)))
  on conflict do nothing
  returning * into v_conversation;
  if not found then
    -- A later statement of the same call: it sees what the transaction that won has committed.
    select * into v_conversation from conversations c
    where c.direct_key = p ->> 'directKey' or (c.created_by = v_creator and c.client_id = (p ->> 'clientId')::uuid) or c.id = (p ->> 'id')::uuid
    order by c.direct_key = p ->> 'directKey' desc nulls last, c.client_id = (p ->> 'clientId')::uuid desc nulls last
    limit 1;
    return changed_json(v_conversation, '{}', '{}', null) || jsonb_build_object('id', v_conversation.id, 'created', false);
  end if;
  insert into members (conversation_id, user_id, role)
  select v_conversation.id, u,
    case when u = v_creator and v_conversation.kind <> 'direct' and not v_conversation.matched then 'owner' else 'member' end
  from unnest(v_users) u;
  if v_conversation.title is null then
    return changed_json(v_conversation, '{}', v_users, null) || jsonb_build_object('id', v_conversation.id, 'created', true);
  end if;
  v_entry := write_entry(v_conversation.id, (p ->> 'entryId')::uuid, 'conversation', v_creator, null,
    jsonb_strip_nulls(jsonb_build_object('title', v_conversation.title, 'topic', v_conversation.topic)));
  return changed_json(v_conversation, array[v_entry], v_users, write_batch(v_conversation.id, v_entry.seq, v_entry.seq))
    || jsonb_build_object('id', v_conversation.id, 'created', true);
end
$fn$;

create function add_members(
  p_conversation uuid, p_actor uuid, p_users uuid[], p_role text, p_action text, p_ids uuid[], p_expect integer, p_max integer
) returns jsonb
language plpgsql ${planSettings}
as $fn$
declare
  v_status jsonb;
  v_conversation conversations;
  v_users uuid[];
  v_first bigint;
  v_entries entries[];
begin
  v_status := lock_conversation(p_conversation, p_expect);
  if v_status is not null then return v_status; end if;
  select * into v_conversation from conversations c where c.id = p_conversation;
  select array_agg(u.user_id order by u.ord) into v_users
  from (select x.user_id, min(x.ord) as ord from unnest(p_users) with ordinality as x (user_id, ord) group by x.user_id) u
  join users on users.id = u.user_id and users.deleted_at is null
  where not exists (
    select 1 from members m where m.conversation_id = p_conversation and m.user_id = u.user_id and m.left_at is null
  );
  if v_users is null then return changed_json(v_conversation, '{}', '{}', null) || '{"status":"unchanged"}'; end if;
  if v_conversation.member_count + cardinality(v_users) > p_max then return jsonb_build_object('status', 'full'); end if;

  v_first := v_conversation.last_seq + 1;
  v_conversation := bump_members(p_conversation, cardinality(v_users));
  -- All numbers at once: a thousand single updates of one row would walk an ever longer chain of its versions.
  update conversations c set last_seq = c.last_seq + cardinality(v_users), last_at = clock_timestamp()
  where c.id = p_conversation returning * into v_conversation;
  insert into members as m (conversation_id, user_id, role, joined_at, first_seq, read_seq, receipt_seq, delivered_seq)
  select p_conversation, u, p_role, v_conversation.last_at, case v_conversation.history when 'all' then 1 else v_first end,
    v_conversation.last_seq, v_conversation.last_seq, v_conversation.last_seq
  from unnest(v_users) u
  on conflict (conversation_id, user_id) do update set
    role = excluded.role, joined_at = excluded.joined_at, first_seq = excluded.first_seq, read_seq = excluded.read_seq,
    receipt_seq = excluded.receipt_seq, delivered_seq = excluded.delivered_seq, left_at = null, left_reason = null,
    last_readable_seq = null, changed_xid = excluded.changed_xid;
  with written as (
    insert into entries as e (conversation_id, seq, id, type, actor_id, at, data)
    select p_conversation, v_first + u.ord - 1, p_ids[u.ord], 'member', p_actor, v_conversation.last_at,
      jsonb_build_object('userId', u.user_id, 'action', p_action, 'role', p_role)
    from unnest(v_users) with ordinality as u (user_id, ord)
    returning e as entry
  )
  select array_agg(w.entry) into v_entries from written w;
  return changed_json(v_conversation, v_entries, v_users, write_batch(p_conversation, v_first, v_conversation.last_seq));
end
$fn$;

create function remove_member(
  p_conversation uuid, p_actor uuid, p_user uuid, p_action text, p_ids uuid[], p_expect integer
) returns jsonb
language plpgsql ${planSettings}
as $fn$
declare
  v_status jsonb;
  v_conversation conversations;
  v_role text;
  v_heir uuid;
  v_entries entries[] := '{}';
  v_entry entries;
begin
  v_status := lock_conversation(p_conversation, p_expect);
  if v_status is not null then return v_status; end if;
  select * into v_conversation from conversations c where c.id = p_conversation;
  select m.role into v_role from members m where m.conversation_id = p_conversation and m.user_id = p_user and m.left_at is null;
  if not found then return changed_json(v_conversation, '{}', '{}', null) || '{"status":"unchanged"}'; end if;

  if v_role = 'owner' and not exists (
    select 1 from members m
    where m.conversation_id = p_conversation and m.user_id <> p_user and m.left_at is null and m.role = 'owner'
  ) then
    -- Somebody must be able to manage it: the oldest admin, or else the oldest member.
    update members m set role = 'owner'
    where m.conversation_id = p_conversation and m.user_id = (
      select o.user_id from members o
      where o.conversation_id = p_conversation and o.user_id <> p_user and o.left_at is null
      order by array_position(array['admin', 'member', 'readonly'], o.role), o.joined_at, o.user_id limit 1
    )
    returning m.user_id into v_heir;
    if v_heir is not null then
      v_entries := v_entries || write_entry(p_conversation, p_ids[2], 'member', p_actor, null,
        jsonb_build_object('userId', v_heir, 'action', 'role', 'role', 'owner'));
    end if;
  end if;
  v_entry := write_entry(p_conversation, p_ids[1], 'member', p_actor, null, jsonb_build_object('userId', p_user, 'action', p_action));
  v_entries := v_entries || v_entry;
  update members m
  set left_at = v_entry.at, left_reason = p_action, last_readable_seq = v_entry.seq, changed_xid = pg_current_xact_id()::text::bigint
  where m.conversation_id = p_conversation and m.user_id = p_user;
  v_conversation := bump_members(p_conversation, -1);
  return changed_json(v_conversation, v_entries, array[p_user], write_batch(p_conversation, v_entries[1].seq, v_entry.seq));
end
$fn$;

create function set_role(p_conversation uuid, p_actor uuid, p_user uuid, p_role text, p_id uuid, p_expect integer) returns jsonb
language plpgsql ${planSettings}
as $fn$
declare
  v_status jsonb;
  v_conversation conversations;
  v_entry entries;
begin
  v_status := lock_conversation(p_conversation, p_expect);
  if v_status is not null then return v_status; end if;
  select * into v_conversation from conversations c where c.id = p_conversation;
  update members m set role = p_role
  where m.conversation_id = p_conversation and m.user_id = p_user and m.left_at is null and m.role <> p_role;
  if not found then return changed_json(v_conversation, '{}', '{}', null) || '{"status":"unchanged"}'; end if;
  v_entry := write_entry(p_conversation, p_id, 'member', p_actor, null,
    jsonb_build_object('userId', p_user, 'action', 'role', 'role', p_role));
  v_conversation := bump_members(p_conversation, 0);
  return changed_json(v_conversation, array[v_entry], array[p_user], write_batch(p_conversation, v_entry.seq, v_entry.seq));
end
$fn$;

create function patch_conversation(
  p_conversation uuid, p_actor uuid, p_title text, p_topic text, p_archived boolean, p_id uuid, p_expect integer
) returns jsonb
language plpgsql ${planSettings}
as $fn$
declare
  v_status jsonb;
  v_conversation conversations;
  v_entry entries;
  v_data jsonb;
begin
  v_status := lock_conversation(p_conversation, p_expect);
  if v_status is not null then return v_status; end if;
  select * into v_conversation from conversations c where c.id = p_conversation;
  v_data := jsonb_strip_nulls(jsonb_build_object(
    'title', case when p_title is distinct from v_conversation.title then p_title end,
    'topic', case when p_topic is distinct from coalesce(v_conversation.topic, '') then p_topic end,
    'archived', case when p_archived is distinct from v_conversation.archived then p_archived end));
  if v_data = '{}' then return changed_json(v_conversation, '{}', '{}', null) || '{"status":"unchanged"}'; end if;
  v_entry := write_entry(p_conversation, p_id, 'conversation', p_actor, null, v_data);
  update conversations c
  set title = coalesce(p_title, c.title), topic = case when p_topic is null then c.topic else nullif(p_topic, '') end,
    archived = coalesce(p_archived, c.archived),
    -- Cached access holds "archived" and is valid for one version.
    member_version = c.member_version + case when v_data ? 'archived' then 1 else 0 end
  where c.id = p_conversation
  returning * into v_conversation;
  return changed_json(v_conversation, array[v_entry], '{}', write_batch(p_conversation, v_entry.seq, v_entry.seq));
end
$fn$;

create function delete_conversation(p_conversation uuid, p_expect integer) returns jsonb
language plpgsql ${planSettings}
as $fn$
declare
  v_status jsonb;
  v_conversation conversations;
begin
  v_status := lock_conversation(p_conversation, p_expect);
  if v_status is not null then return v_status; end if;
  select * into v_conversation from conversations c where c.id = p_conversation;
  update conversations c
  -- The pair may start again.
  set deleted_at = clock_timestamp(), direct_key = null, member_version = c.member_version + 1,
    changed_xid = pg_current_xact_id()::text::bigint
  where c.id = p_conversation
  returning * into v_conversation;
  return changed_json(v_conversation, '{}',
    (select coalesce(array_agg(m.user_id), '{}') from members m where m.conversation_id = p_conversation and m.left_at is null), null);
end
$fn$;
`;
