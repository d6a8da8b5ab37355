import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Links that made somebody the first administrator: each works once. Only a hash of the token is kept. */
export class AdminLinks0056 implements MigrationInterface {
  name = 'AdminLinks1763733600056';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create table used_admin_links (
      hash bytea primary key,
      user_id uuid not null,
      used_at timestamptz not null default now()
    )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop table used_admin_links');
  }
}
