import type pg from 'pg';

/** Until this many rows are read or written nobody waits long. */
const FEW = 100;

/**
 * What a transaction that changes the schema did to tables with rows in them, seen from within: by Postgres' own counters, so that
 * it does not depend on how fast the machine is.
 */
const watch = `
create schema watch;
create table watch.tables (id oid primary key, rows bigint not null);
create table watch.findings (what text primary key);

create function watch.look() returns void language sql as $fn$
  insert into watch.findings
  select distinct case when pg_stat_get_xact_tuples_updated(t.id) >= t.rows then 'writes every row of ' else 'reads all of, while it locks, ' end
    || t.id::regclass
  from watch.tables t join pg_locks l on l.relation = t.id and l.pid = pg_backend_pid() and l.granted
  where pg_stat_get_xact_tuples_updated(t.id) >= t.rows
    or (l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
      and pg_stat_get_xact_tuples_returned(t.id) >= t.rows)
  on conflict do nothing
$fn$;
create function watch.looked() returns event_trigger language plpgsql as $fn$
begin
  perform watch.look();
end
$fn$;
create function watch.applied() returns trigger language plpgsql as $fn$
begin
  perform watch.look();
  return null;
end
$fn$;
create function watch.rewritten() returns event_trigger language plpgsql as $fn$
begin
  insert into watch.findings
  select 'rewrites ' || t.id::regclass from watch.tables t where t.id = pg_event_trigger_table_rewrite_oid() on conflict do nothing;
end
$fn$;
create event trigger watch_changes on ddl_command_end execute function watch.looked();
create event trigger watch_rewrites on table_rewrite execute function watch.rewritten();
-- The last statement of a migration's transaction.
create trigger watch_applied after insert on migrations execute function watch.applied()`;

export async function startWatch(db: pg.ClientBase): Promise<void> {
  await db.query(watch);
}

/** From here on nothing was found, and the tables count as full as they are now. */
export async function beginWatch(db: pg.ClientBase): Promise<void> {
  await db.query('truncate watch.tables, watch.findings');
  const { rows } = await db.query<{ id: number; name: string }>(
    `select oid as id, relname as name from pg_class
     where relkind = 'r' and relnamespace = 'public'::regnamespace and relname <> 'migrations'`,
  );
  for (const { id, name } of rows)
    await db.query(`insert into watch.tables select $1, count(*) from ${name} having count(*) >= ${FEW}`, [id]);
}

export async function listFindings(db: pg.ClientBase): Promise<string[]> {
  const { rows } = await db.query<{ what: string }>('select what from watch.findings order by what');
  return rows.map(({ what }) => what);
}

const shapeSql = `
select c.relname || '.' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod) as part
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relkind in ('r', 'p') and c.relnamespace = 'public'::regnamespace
union all
select p.oid::regprocedure || ' returns ' || pg_get_function_result(p.oid) from pg_proc p
where p.pronamespace = 'public'::regnamespace and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')`;

/** What a release may use: columns with their types, functions with what they take and give. */
export async function loadShape(db: pg.ClientBase): Promise<string[]> {
  const { rows } = await db.query<{ part: string }>(shapeSql);
  return rows.map(({ part }) => part);
}
