import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Pictures of the own state reach a device by events, answers and pages that overtake each other: the version says which is
 * newer. By a trigger, so that it grows too when a pod of the previous release writes.
 */
export class OwnVersion0065 implements MigrationInterface {
  name = 'OwnVersion1763733600065';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('alter table members add column version bigint not null default 1');
    await runner.query(`
create function next_own_version() returns trigger
language plpgsql
as $fn$
begin
  new.version := old.version + 1;
  return new;
end
$fn$`);
    // Deliveries alone, which are most of the updates, change neither.
    await runner.query(`
create trigger own_version before update on members for each row
when (new.changed_xid <> old.changed_xid or new.role <> old.role)
execute function next_own_version()`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop trigger own_version on members');
    await runner.query('drop function next_own_version()');
    await runner.query('alter table members drop column version');
  }
}
