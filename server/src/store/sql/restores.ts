import { type ClientBase, escapeLiteral } from 'pg';

/**
 * Another epoch than any before, also of other restores of the same backup: whoever holds something of those forgets it.
 * Hence the time, in seconds.
 */
export const newEpoch = 'greatest(epoch + 1, extract(epoch from clock_timestamp())::bigint)';

/**
 * How far a restore into this database is, in a schema of its own so that the database still counts as empty:
 *   running  tables as the backup's migrations make them, without rows
 *   copied   rows are in and checked; later migrations may be missing
 *   done     the chat may start
 */
export interface Restore {
  state: 'running' | 'copied' | 'done';
  /** Place and name of the backup. */
  backup: string;
  /** From `copied` on. */
  result: unknown;
}

export class RestoreUnfinishedError extends Error {
  override name = 'RestoreUnfinishedError';

  constructor(backup: string) {
    super(`the restore of ${backup} into this database has not finished; run it again, or begin with an empty database`);
  }
}

export async function loadRestore(client: ClientBase): Promise<Restore | undefined> {
  const { rows: found } = await client.query<{ exists: boolean }>(
    `select to_regclass('chatcluster_restore.progress') is not null as exists`,
  );
  if (!found[0]?.exists) return undefined;
  const { rows } = await client.query<Restore>('select state, backup, result from chatcluster_restore.progress');
  return rows[0];
}

/** Also of another backup after one that failed. One statement, one transaction: there is no trace of it, or the whole. */
export async function beginRestore(client: ClientBase, backup: string): Promise<void> {
  await client.query(`
    begin;
    create schema if not exists chatcluster_restore;
    create table if not exists chatcluster_restore.progress (
      only_row boolean primary key default true check (only_row),
      state text not null,
      backup text not null,
      result jsonb,
      changed_at timestamptz not null default now()
    );
    delete from chatcluster_restore.progress;
    insert into chatcluster_restore.progress (state, backup) values ('running', ${escapeLiteral(backup)});
    commit`);
}

/** Names of migrations. */
export async function listApplied(client: ClientBase): Promise<string[]> {
  const { rows: found } = await client.query<{ exists: boolean }>(`select to_regclass('migrations') is not null as exists`);
  if (!found[0]?.exists) return [];
  const { rows } = await client.query<{ name: string }>('select name from migrations order by id');
  return rows.map(({ name }) => name);
}

export async function saveRestore(client: ClientBase, state: Restore['state'], result?: unknown): Promise<void> {
  await client.query('update chatcluster_restore.progress set state = $1, result = coalesce($2, result), changed_at = clock_timestamp()', [
    state,
    result === undefined ? null : JSON.stringify(result),
  ]);
}

/** What stands in the database of its owner's making; nothing of extensions, of Postgres, or of a restore under way. */
export async function listRelations(client: ClientBase): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(`
    select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'chatcluster_restore')
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    order by 1 limit 5`);
  return rows.map(({ name }) => name);
}
