import type { ClientBase } from 'pg';
import { escapeIdentifier } from 'pg';
import { restoredKinds } from '../jobs/kinds.ts';

/**
 * Tables whose rows are in no backup, each with its reason. Everything else is, also what a later release adds.
 * Also left out, wherever they are: columns that hold the number of a transaction, which means nothing in another database.
 */
const leftOut = new Set([
  // A restore applies them itself.
  'migrations',
  // The outbox: after a restore everybody reads anew, as in any new epoch.
  'batches',
  // Pushes and mails on their way, and up to where they are planned: nobody is told twice.
  'notices',
  'notify_cursor',
  // Made from the entries; the indexer makes it again.
  'message_search',
  'search_progress',
  'search_state',
  'search_words',
  'search_ages',
  // Links and tickets that work once: one that was used since must not work again.
  'mail_tokens',
  'tickets',
  // Of the moment.
  'duties',
  'login_failures',
  'match_waiting',
]);

/** Which rows of a table. */
const rowFilters: Record<string, string> = {
  jobs: `failed_at is null and kind in (${restoredKinds.map((kind) => `'${kind}'`).join(', ')})`,
};

/** What is stored in place of a column. Not listed: the column as it is. */
const columnValues: Record<string, Record<string, string>> = {
  // Held by a pod of the installation that was backed up.
  jobs: { lease: 'null' },
  // Posts of what was not sent yet at this moment were sent soon after it.
  webhooks: { seq: 'greatest(t.seq, coalesce((select c.last_seq from conversations c where c.id = t.conversation_id), 0))' },
};

export interface Table {
  name: string;
  columns: string[];
  /** Itself, or the partitions that hold its rows. */
  leaves: string[];
}

const tablesSql = `
  select c.relname as name,
    (select array_agg(a.attname::text order by a.attnum) from pg_attribute a
       left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
       and coalesce(pg_get_expr(d.adbin, d.adrelid), '') not like '%pg_current_xact_id%') as columns,
    coalesce((select array_agg(t.relid::regclass::text order by t.relid::regclass::text) from pg_partition_tree(c.oid) t where t.isleaf),
      array[c.relname::text]) as leaves,
    array(select distinct k.confrelid::regclass::text from pg_constraint k
          where k.conrelid = c.oid and k.contype = 'f' and k.confrelid <> c.oid) as refers_to
  from pg_class c
  where c.relkind in ('r', 'p') and not c.relispartition and c.relnamespace = current_schema()::regnamespace
    and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
  order by c.relname`;

/** Those that go into a backup, each after the tables that it refers to. */
export async function listTables(client: ClientBase): Promise<Table[]> {
  const { rows } = await client.query<Table & { refers_to: string[] }>(tablesSql);
  const waiting = new Map(rows.filter(({ name }) => !leftOut.has(name)).map((row) => [row.name, row]));
  const ordered: Table[] = [];
  while (waiting.size > 0) {
    const free = [...waiting.values()].filter(({ refers_to }) => !refers_to.some((other) => waiting.has(other)));
    if (free.length === 0) throw new Error(`foreign keys go in a circle: ${[...waiting.keys()].join(', ')}`);
    for (const { name, columns, leaves } of free) {
      waiting.delete(name);
      ordered.push({ name, columns, leaves });
    }
  }
  return ordered;
}

export function copyOutSql({ name, columns }: Table, leaf: string): string {
  const values = columns.map((column) => columnValues[name]?.[column] ?? `t.${escapeIdentifier(column)}`);
  const filter = rowFilters[name];
  return `copy (select ${values.join(', ')} from ${escapeIdentifier(leaf)} t${filter ? ` where ${filter}` : ''}) to stdout`;
}

export function copyInSql(table: string, columns: string[]): string {
  return `copy ${escapeIdentifier(table)} (${columns.map(escapeIdentifier).join(', ')}) from stdin`;
}

/** By the primary key: one step into the index for each conversation. */
export const sequencesSql = `
  select c.id as conversation_id, c.last_seq,
    (select e.seq from entries e where e.conversation_id = c.id order by e.seq desc limit 1) as top_seq
  from conversations c`;
