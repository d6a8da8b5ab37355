import type { MigrationInterface, QueryRunner } from 'typeorm';

const table = `
create table invites (
  id uuid primary key,
  conversation_id uuid not null references conversations (id) on delete cascade,
  -- What the link holds: enough random bits that it cannot be guessed.
  code text not null unique,
  created_by uuid not null,
  created_at timestamptz(3) not null default now(),
  expires_at timestamptz(3) not null,
  -- Null: as many as come.
  max_uses integer,
  uses integer not null default 0,
  revoked_at timestamptz(3),
  client_id uuid,
  unique (conversation_id, created_by, client_id)
);
create index invites_conversation on invites (conversation_id, created_at desc)`;

/** The use is counted exactly when somebody came in by it; who is a member already costs none. */
const accept = `
create function accept_invite(p_code text, p_user uuid, p_id uuid, p_max integer) returns jsonb
language plpgsql
as $fn$
declare
  v_invite invites;
  v_result jsonb;
begin
  select * into v_invite from invites i where i.code = p_code for no key update;
  if not found then return '{"status":"missing"}'; end if;
  if exists (select 1 from members m where m.conversation_id = v_invite.conversation_id and m.user_id = p_user and m.left_at is null) then
    return jsonb_build_object('status', 'unchanged', 'id', v_invite.conversation_id);
  end if;
  if v_invite.revoked_at is not null or v_invite.expires_at <= clock_timestamp() or v_invite.uses >= v_invite.max_uses then
    return '{"status":"spent"}';
  end if;
  if exists (select 1 from conversations c where c.id = v_invite.conversation_id and c.archived) then return '{"status":"archived"}'; end if;
  v_result := add_members(v_invite.conversation_id, p_user, array[p_user], 'member', 'joined', array[p_id], null, p_max);
  if v_result ->> 'status' = 'changed' then update invites i set uses = i.uses + 1 where i.id = v_invite.id; end if;
  return v_result || jsonb_build_object('id', v_invite.conversation_id);
end
$fn$`;

export class Invites0032 implements MigrationInterface {
  name = 'Invites1763733600032';

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [table, accept]) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function accept_invite(text, uuid, uuid, integer)');
    await runner.query('drop table invites');
  }
}
