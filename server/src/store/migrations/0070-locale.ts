import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The language that a person reads, as a BCP 47 tag. Null: never said. */
export class Locale0070 implements MigrationInterface {
  name = 'Locale1763733600070';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table users add column locale text,
      add constraint users_locale_check check (length(locale) <= 35) not valid`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table users drop column locale');
  }
}
