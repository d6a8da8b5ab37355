import type { MigrationInterface, QueryRunner } from 'typeorm';

const tables = `
create table push_subscriptions (
  id uuid primary key,
  user_id uuid not null references users (id) on delete cascade,
  -- A device that is signed out gets nothing more.
  session_id uuid not null references sessions (id) on delete cascade,
  endpoint text not null unique,
  p256dh text not null,
  auth text not null,
  created_at timestamptz not null default now()
);
create index push_subscriptions_user on push_subscriptions (user_id);
create index push_subscriptions_session on push_subscriptions (session_id);

create table push_keys (
  id smallint primary key default 1 check (id = 1),
  public_key text not null,
  private_key text not null,
  created_at timestamptz not null default now()
);

create table notification_settings (
  user_id uuid primary key references users (id) on delete cascade,
  -- Minutes of the day in the time zone; the end may be before the begin (over midnight).
  quiet_from smallint check (quiet_from between 0 and 1439),
  quiet_to smallint check (quiet_to between 0 and 1439),
  time_zone text,
  quiet_until timestamptz(3),
  mail boolean not null default true,
  previews boolean not null default true,
  unsubscribe_token uuid not null unique default gen_random_uuid()
);

-- Who is to be told of what; no foreign keys, as it is written for many at once and emptied within minutes.
create table notices (
  user_id uuid not null,
  conversation_id uuid not null,
  channel text not null check (channel in ('push', 'mail')),
  first_seq bigint not null,
  last_seq bigint not null,
  mentioned boolean not null,
  due_at timestamptz not null,
  lease uuid,
  primary key (user_id, conversation_id, channel)
) with (fillfactor = 70);
create index notices_due on notices (due_at);

-- Up to which transaction messages have been planned for; one row.
create table notify_cursor (
  id smallint primary key default 1 check (id = 1),
  xid bigint not null
);
insert into notify_cursor (xid) select pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
`;

/** Web Push subscriptions, what people want to be told of, and the notices on their way. */
export class Notifications0041 implements MigrationInterface {
  name = 'Notifications1763733600041';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(tables);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table notify_cursor, notices, notification_settings, push_keys, push_subscriptions');
  }
}
