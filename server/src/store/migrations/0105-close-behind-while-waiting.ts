import type { MigrationInterface, QueryRunner } from 'typeorm';
import { change, entries, fresh } from './0103-close-behind.ts';
import { edited } from './edited.ts';

/**
 * An entry that had to wait for the one before is close behind it however long that took to commit: what counts is when it came, not
 * when it got the lock. Before, two entries on either side of a commit that took more than a second could be published the wrong
 * way round.
 */
const later = [
  edited(fresh, [["c.last_at - c.previous_at < interval '1 s'", "now() - c.previous_at < interval '1 s'"]]),
  edited(entries, [["v_at - n.last_at < interval '1 s'", "now() - n.last_at < interval '1 s'"]]),
  edited(change, [["(p_entry).at - (p_conversation).last_at < interval '1 s'", "now() - (p_conversation).last_at < interval '1 s'"]]),
];

const orReplace = (text: string) => text.replace(/create (?:or replace )?function/, 'create or replace function');

export class CloseBehindWhileWaiting0105 implements MigrationInterface {
  name = 'CloseBehindWhileWaiting1763733600105';

  async up(runner: QueryRunner): Promise<void> {
    for (const text of later) await runner.query(orReplace(text));
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const text of [fresh, entries, change]) await runner.query(orReplace(text));
  }
}
