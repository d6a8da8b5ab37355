import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createDatabase } from '@chatcluster/tools/testing';
import { createDataSource } from '../migrate.ts';

interface Column {
  table: string;
  column: string;
  nullable: boolean;
  type: string;
}

/** How Postgres calls what entities call otherwise. */
const synonyms: Record<string, string> = { int: 'integer', timestamptz: 'timestamp with time zone', bool: 'boolean' };

function normal(type: unknown, isArray: boolean): string {
  const name = String(type);
  return `${synonyms[name] ?? name}${isArray ? '[]' : ''}`;
}

it('every table has an entity with the same columns, and the other way round', async () => {
  await using database = await createDatabase();
  const source = await createDataSource(database.url).initialize();
  try {
    const real: Column[] = await source.query(`
      select c.relname as "table", a.attname as "column", not a.attnotnull as nullable,
        regexp_replace(format_type(a.atttypid, null), '\\(.*\\)', '') as type
      from pg_class c join pg_attribute a on a.attrelid = c.oid
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        and a.attnum > 0 and not a.attisdropped and c.relname <> 'migrations'`);
    const mapped = source.entityMetadatas.flatMap(({ tableName, columns }) =>
      columns.map(
        (column): Column => ({
          table: tableName,
          column: column.databaseName,
          nullable: column.isNullable,
          type: normal(column.type, column.isArray),
        }),
      ),
    );
    const lines = (columns: Column[]) => columns.map((c) => `${c.table}.${c.column} ${c.type}${c.nullable ? ' null' : ''}`).sort();
    assert.deepEqual(lines(mapped), lines(real));
  } finally {
    await source.destroy();
  }
});
