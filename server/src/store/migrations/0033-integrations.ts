import type { MigrationInterface, QueryRunner } from 'typeorm';

const tables = `
-- Null: a person. A webhook's user only writes: it is no member, nor in the directory.
alter table users add column bot text,
  add constraint users_bot_check check (bot in ('bot', 'webhook')) not valid;

create table webhooks (
  id uuid primary key,
  conversation_id uuid not null references conversations (id) on delete cascade,
  kind text not null check (kind in ('incoming', 'outgoing')),
  name text not null,
  -- Of an incoming one: who its messages are from.
  user_id uuid,
  -- Of an outgoing one.
  url text,
  events text[] not null default '{}',
  -- Sealed. Null: the secret is derived from the id.
  secret bytea,
  -- Up to here jobs were made of the entries.
  seq bigint not null default 0,
  -- Given up one after the other.
  failures integer not null default 0,
  disabled_at timestamptz(3),
  created_by uuid not null,
  created_at timestamptz(3) not null default now(),
  client_id uuid,
  unique (conversation_id, created_by, client_id)
) with (fillfactor = 80);
create index webhooks_conversation on webhooks (conversation_id)`;

/** The jobs and the position that they come from are one transaction: each entry becomes a job once, and sending pays nothing. */
export const enqueue = `
create function enqueue_webhooks(p_limit integer) returns integer
language sql
as $fn$
  with due as (
    select w.id, w.conversation_id, w.events, w.seq as low, least(c.last_seq, w.seq + p_limit) as high
    from webhooks w join conversations c on c.id = w.conversation_id and c.deleted_at is null and c.last_seq > w.seq
    where w.kind = 'outgoing' and w.disabled_at is null
    order by w.id limit 100 for update of w skip locked
  ), moved as (
    update webhooks w set seq = d.high from due d where w.id = d.id
  ), made as (
    insert into jobs (kind, key, payload)
    select 'webhook', d.id || ':' || e.seq, jsonb_build_object('webhookId', d.id, 'conversationId', d.conversation_id, 'seq', e.seq)
    from due d join entries e on e.conversation_id = d.conversation_id and e.seq > d.low and e.seq <= d.high
    where e.type = any (d.events)
    order by d.id, e.seq
    on conflict do nothing
    returning 1
  )
  select count(*)::integer from due
$fn$`;

export class Integrations0033 implements MigrationInterface {
  name = 'Integrations1763733600033';

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [tables, enqueue]) await runner.query(sql);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function enqueue_webhooks(integer)');
    await runner.query('drop table webhooks');
    await runner.query('alter table users drop column bot');
  }
}
