import type { MigrationInterface, QueryRunner } from 'typeorm';
import { planSettings } from './0001-append.ts';
import { enqueue as enqueueOf0033 } from './0033-integrations.ts';

/**
 * As in 0033, with the entries of each webhook looked up by their numbers (`offset 0`): a plan that was made while the tables were
 * empty reads all entries of all conversations in each pass.
 */
const enqueue = `
create or replace function enqueue_webhooks(p_limit integer) returns integer
language sql ${planSettings}
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
    from due d
    cross join lateral (
      select x.seq, x.type from entries x where x.conversation_id = d.conversation_id and x.seq > d.low and x.seq <= d.high offset 0
    ) e
    where e.type = any (d.events)
    order by d.id, e.seq
    on conflict do nothing
    returning 1
  )
  select count(*)::integer from due
$fn$`;

export class WebhookLookups0092 implements MigrationInterface {
  name = 'WebhookLookups1763733600092';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(enqueue);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function enqueue_webhooks(integer)');
    await runner.query(enqueueOf0033);
  }
}
