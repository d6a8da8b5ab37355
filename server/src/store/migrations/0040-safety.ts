import type { MigrationInterface, QueryRunner } from 'typeorm';

const tables = `
create table blocks (
  user_id uuid not null references users (id) on delete cascade,
  blocked_id uuid not null references users (id) on delete cascade,
  created_at timestamptz not null default now(),
  primary key (user_id, blocked_id)
);
create index blocks_blocked on blocks (blocked_id);

-- No foreign keys: a report outlives what it is about.
create table reports (
  id uuid primary key,
  reporter_id uuid not null,
  user_id uuid not null,
  conversation_id uuid,
  message_id uuid,
  -- The message as it was: its author may delete it.
  body text,
  reason text not null,
  status text not null default 'open' check (status in ('open', 'resolved', 'dismissed')),
  created_at timestamptz(3) not null default now(),
  resolved_at timestamptz(3),
  resolved_by uuid,
  note text
);
create index reports_open on reports (created_at) where status = 'open';
create index reports_reporter on reports (reporter_id, created_at);
create unique index reports_once on reports (reporter_id, coalesce(message_id, user_id)) where status = 'open';

create table audit_log (
  id bigint generated always as identity primary key,
  at timestamptz(3) not null default clock_timestamp(),
  -- Null: the installation itself.
  actor_id uuid,
  action text not null,
  target_type text,
  target_id uuid,
  address text,
  details jsonb not null default '{}'
);
create index audit_log_at on audit_log (at);
create index audit_log_actor on audit_log (actor_id, id);
create index audit_log_target on audit_log (target_id, id);

alter table users add column suspended_at timestamptz;
`;

/** As in 0002, but people who have blocked each other are not paired. */
const match = `
create or replace function match_join(p_user uuid, p jsonb) returns jsonb language plpgsql as $fn$
declare
  v_partner uuid;
begin
  perform pg_advisory_xact_lock(7251604119);
  select w.user_id into v_partner from match_waiting w
  where w.user_id <> p_user and w.seen_at > clock_timestamp() - interval '15 s'
    and not exists (
      select 1 from blocks b
      where (b.user_id = p_user and b.blocked_id = w.user_id) or (b.user_id = w.user_id and b.blocked_id = p_user)
    )
  order by random() limit 1;
  if v_partner is null then
    insert into match_waiting values (p_user, clock_timestamp()) on conflict (user_id) do update set seen_at = excluded.seen_at;
    return null;
  end if;
  delete from match_waiting where user_id in (p_user, v_partner);
  return create_conversation(p || jsonb_build_object('memberIds', jsonb_build_array(p_user, v_partner)));
end
$fn$`;

/** Blocks, reports, the audit log, and people who may not sign in. */
export class Safety0040 implements MigrationInterface {
  name = 'Safety1763733600040';

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [tables, match]) await runner.query(sql);
  }

  async down(): Promise<void> {
    throw new Error('reports and the audit log would be lost');
  }
}
