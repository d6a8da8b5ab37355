import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How far each thread was read, by its root's id. In the member's own row: it is read with the rest of the own picture at the cost
 * of no look-up, and its version grows with it. A constant default rewrites nothing.
 */
export class ThreadReads0094 implements MigrationInterface {
  name = 'ThreadReads1763733600094';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`alter table members add column thread_reads jsonb not null default '{}'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('alter table members drop column thread_reads');
  }
}
