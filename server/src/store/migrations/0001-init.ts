import type { MigrationInterface, QueryRunner } from 'typeorm';
import { append } from './0001-append.ts';
import { changes } from './0001-changes.ts';
import { membership } from './0001-membership.ts';
import { tables } from './0001-tables.ts';

export class Init0001 implements MigrationInterface {
  name = 'Init1751328000001';

  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [tables, append, changes, membership]) await runner.query(sql);
  }

  /** Going back is restoring a backup: dropping the tables would lose messages. */
  async down(): Promise<void> {
    throw new Error('the first migration cannot be undone');
  }
}
