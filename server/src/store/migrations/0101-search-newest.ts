import type { MigrationInterface, QueryRunner } from 'typeorm';
import { buildPartitionedIndex } from './build-index.ts';

const newestIndex = (table: string) => `${table} (conversation_id, at, message_id)`;

/**
 * By which a search for common words goes from the newest message on. Built beside the indexer of the old release, partition by
 * partition, so not in a transaction.
 */
export class SearchNewest0101 implements MigrationInterface {
  name = 'SearchNewest1763733600101';
  transaction = false;

  async up(runner: QueryRunner): Promise<void> {
    const partitions = Array.from({ length: 8 }, (_, i) => `message_search_${i}`);
    await buildPartitionedIndex(runner, { table: 'message_search', suffix: 'newest', partitions, definition: newestIndex });
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('drop index message_search_newest');
  }
}
