import type { QueryRunner } from 'typeorm';

/**
 * Without locking out the writers of the old release, so not in a transaction. A build that was interrupted leaves an invalid
 * index behind, which nothing would ever use: it is dropped and built again. `definition`: what stands behind the name.
 */
export async function buildIndex(runner: QueryRunner, name: string, definition: string): Promise<void> {
  const [found] = (await runner.query('select indisvalid as valid from pg_index where indexrelid = to_regclass($1)', [name])) as {
    valid: boolean;
  }[];
  if (found?.valid) return;
  // It waits for transactions that are older, and nobody waits for it.
  await runner.query('set lock_timeout = 0');
  try {
    if (found) await runner.query(`drop index concurrently ${name}`);
    await runner.query(`create index concurrently ${name} on ${definition}`);
  } finally {
    await runner.query('reset lock_timeout');
  }
}

/**
 * The same for a partitioned table, partition by partition: `<table>_<suffix>`, made of `<partition>_<suffix>`. Each step may be
 * repeated after a death in the middle. `definition`: what stands behind the name, of a table.
 */
export async function buildPartitionedIndex(
  runner: QueryRunner,
  { table, suffix, partitions, definition }: { table: string; suffix: string; partitions: string[]; definition: (table: string) => string },
): Promise<void> {
  await runner.query(`create index if not exists ${table}_${suffix} on only ${definition(table)}`);
  for (const partition of partitions) {
    await buildIndex(runner, `${partition}_${suffix}`, definition(partition));
    await runner.query(`alter index ${table}_${suffix} attach partition ${partition}_${suffix}`);
  }
}
