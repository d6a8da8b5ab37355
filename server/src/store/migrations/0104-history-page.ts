import type { MigrationInterface, QueryRunner } from 'typeorm';
import { planSettings } from './0001-append.ts';

/**
 * The reads of `entries` for a page of history, as functions for the sake of their plans. Of a range whose ends it does not know the
 * planner expects one row in 200, and so read a conversation of up to 10,000 entries from end to end and sorted it, for 50 of them; and
 * planning took as long as reading, each time, since a general plan is counted for all partitions.
 */
const settings = `language plpgsql stable ${planSettings} set enable_bitmapscan = off`;

const page = `
-- The messages around a seq, in no order.
create function history_page(p_conversation uuid, p_lower bigint, p_upper bigint, p_anchor bigint, p_older integer, p_newer integer)
returns setof entries rows 50 ${settings}
as $fn$
begin
  return query (
    select e.* from entries e
    where e.conversation_id = p_conversation and e.type = 'message' and e.seq >= p_lower and e.seq < p_anchor
    order by e.seq desc limit p_older
  ) union all (
    select e.* from entries e
    where e.conversation_id = p_conversation and e.type = 'message' and e.seq >= greatest(p_lower, p_anchor) and e.seq <= p_upper
    order by e.seq limit p_newer
  );
end
$fn$;

-- Whether there are messages below p_low, and above p_high.
create function history_edges(
  p_conversation uuid, p_lower bigint, p_low bigint, p_high bigint, out has_before boolean, out has_after boolean
) ${settings}
as $fn$
begin
  has_before := exists (
    select from entries e where e.conversation_id = p_conversation and e.type = 'message' and e.seq >= p_lower and e.seq < p_low);
  has_after := exists (
    select from entries e where e.conversation_id = p_conversation and e.type = 'message' and e.seq >= p_lower and e.seq > p_high);
end
$fn$;

-- What happened to the conversation from p_low to p_high; the last p_limit of it, in no order.
create function history_notes(p_conversation uuid, p_low bigint, p_high bigint, p_limit integer)
returns setof entries rows 5 ${settings}
as $fn$
begin
  return query select e.* from entries e
  where e.conversation_id = p_conversation and e.type in ('member', 'conversation') and e.seq >= p_low and e.seq <= p_high
  order by e.seq desc limit p_limit;
end
$fn$`;

export class HistoryPage0104 implements MigrationInterface {
  name = 'HistoryPage1763733600104';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(page);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`drop function history_page(uuid, bigint, bigint, bigint, integer, integer);
      drop function history_edges(uuid, bigint, bigint, bigint); drop function history_notes(uuid, bigint, bigint, integer)`);
  }
}
