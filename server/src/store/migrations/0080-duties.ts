import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Unlogged: it is renewed each second and means nothing after a crash. */
const table = `
create unlogged table duties (
  only_row boolean primary key default true check (only_row),
  holder uuid not null,
  until timestamptz not null
)`;

export class Duties0080 implements MigrationInterface {
  name = 'Duties1763733600080';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(table);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table duties');
  }
}
