import type { MigrationInterface, QueryRunner } from 'typeorm';
import { buildIndex } from './build-index.ts';

const newestIndex = (table: string) => `${table} (conversation_id, at, message_id)`;

/**
 * By which a search for common words goes from the newest message on. Built beside the indexer of the old release, partition by
 * partition, so not in a transaction; each step may be repeated after a death in the middle.
 */
export class SearchNewest0101 implements MigrationInterface {
  name = 'SearchNewest1763733600101';
  transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`create index if not exists message_search_newest on only ${newestIndex('message_search')}`);
    for (let i = 0; i < 8; i += 1) {
      const partition = `message_search_${i}`;
      await buildIndex(runner, `${partition}_newest`, newestIndex(partition));
      await runner.query(`alter index message_search_newest attach partition ${partition}_newest`);
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index message_search_newest');
  }
}
