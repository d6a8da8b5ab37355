import type pg from 'pg';

/** A table with partitions is one table. */
export interface Table {
  name: string;
  columns: Column[];
  key: string[];
}

interface Column {
  name: string;
  type: string;
  /** Of the table that it refers to. */
  target: string | null;
  /** Nothing fills it by itself. */
  isRequired: boolean;
  /** Postgres makes its numbers: it may be given, not changed. */
  isIdentity: boolean;
  /** The first word that a check allows. */
  word: string | null;
}

const tablesSql = `
select c.relname as name,
  (select array_agg(a.attname::text) from pg_index i join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
    where i.indrelid = c.oid and i.indisprimary) as key,
  (select json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, null),
      'target', (select k.confrelid::regclass::text from pg_constraint k
        where k.conrelid = c.oid and k.contype = 'f' and k.conkey = array[a.attnum]),
      'isRequired', a.attnotnull and not a.atthasdef and a.attidentity = '', 'isIdentity', a.attidentity <> '',
      'word', (select substring(pg_get_constraintdef(k.oid) from '''([^'']+)''') from pg_constraint k
        where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum])) order by a.attnum)
    from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped) as columns
from pg_class c
where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = 'public'::regnamespace and c.relname <> 'migrations'
order by c.oid`;

export async function listTables(db: pg.ClientBase): Promise<Table[]> {
  const { rows } = await db.query<Omit<Table, 'key'> & { key: string[] | null }>(tablesSql);
  return rows.map((row) => ({ ...row, key: row.key ?? [] }));
}

/** Of the same table the same: what refers to a row finds it. */
const idOf = (table: string) => `md5('${table}' || g)::uuid`;

function valueOf(table: string, { name, type, target, word }: Column): string {
  if (word !== null) return `'${word}'`;
  if (type.endsWith('[]')) return `'{}'`;
  switch (type) {
    case 'uuid':
      return idOf(target ?? (name === 'id' ? table : name.replace(/_id$/, 's')));
    case 'text':
      return `'${name} ' || g`;
    case 'bytea':
      return `decode(md5('${name}' || g), 'hex')`;
    case 'jsonb':
      return `'{}'`;
    case 'timestamp with time zone':
      return 'now()';
    case 'bigint':
    case 'integer':
    case 'smallint':
      return 'g';
    case 'boolean':
      return 'false';
    case 'tsvector':
      return `''`;
    default:
      throw new Error(`no value for ${table}.${name}: ${type} is not known here`);
  }
}

/** Rows that a table accepts, as many as `count` where it holds more than one; none where it holds some. */
export async function fillTable(db: pg.ClientBase, { name, columns }: Table, count: number): Promise<void> {
  const { rowCount } = await db.query(`select 1 from ${name} limit 1`);
  if (rowCount !== 0) return;
  const required = columns.filter((column) => column.isRequired);
  const names = required.map((column) => column.name).join(', ');
  const values = required.map((column) => valueOf(name, column)).join(', ');
  await db.query(
    required.length === 0
      ? `insert into ${name} default values`
      : `insert into ${name} (${names}) select ${values} from generate_series(1, ${count}) g on conflict do nothing`,
  );
}
