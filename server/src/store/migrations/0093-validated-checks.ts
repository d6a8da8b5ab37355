import type { MigrationInterface, QueryRunner } from 'typeorm';
import { buildIndex } from './build-index.ts';

const checks = [
  ['users', 'users_bot_check'],
  ['users', 'users_locale_check'],
  ['conversations', 'conversations_retention_days_check'],
];

/** What reads whole tables that the old release writes to: each in a transaction of its own, beside the writers. */
export class ValidatedChecks0093 implements MigrationInterface {
  name = 'ValidatedChecks1763733600093';
  transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    for (const [table, check] of checks) await runner.query(`alter table ${table} validate constraint ${check}`);
    // Few have a rule of their own, and each sweep looks for them.
    await buildIndex(runner, 'conversations_retention', 'conversations (id) where retention_days > 0');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index concurrently conversations_retention');
  }
}
