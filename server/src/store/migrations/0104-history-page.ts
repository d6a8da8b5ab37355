import type { MigrationInterface, QueryRunner } from 'typeorm';
import { planSettings } from './0001-append.ts';

/**
 * The messages around a seq, in no order. A function, for its settings: of a range whose ends it does not know the planner expects one row
 * in 200, and so read a conversation of up to 10,000 entries from end to end and sorted it, for 50 of them.
 */
const page = `
create function history_page(p_conversation uuid, p_lower bigint, p_upper bigint, p_anchor bigint, p_older integer, p_newer integer)
returns setof entries
language plpgsql stable rows 50 ${planSettings} set enable_bitmapscan = off
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
$fn$`;

export class HistoryPage0104 implements MigrationInterface {
  name = 'HistoryPage1763733600104';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(page);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop function history_page(uuid, bigint, bigint, bigint, integer, integer)');
  }
}
