import { escapeIdentifier } from 'pg';
import type pg from 'pg';
import type { Logger } from '../log.ts';
import type { Database } from '../store/connection.ts';
import { applyMigrations, listMigrations, withMigrationLock } from '../store/migrate.ts';
import { beginRestore, loadRestore, newEpoch, saveRestore } from '../store/sql/restores.ts';
import { BackupError } from './errors.ts';
import { requireOlderTables, requireUnused } from './unused.ts';
import { isWhole, listComplete, type Manifest, readManifest } from './manifest.ts';
import type { BackupPlace } from './place.ts';
import { createProgress } from './progress.ts';
import { copyIn, type StreamDeps } from './stream.ts';
import { copyInSql, sequencesSql } from './tables.ts';

export interface RestoreDeps {
  databaseUrl: string | Database;
  place: BackupPlace;
  /** undefined: the newest complete one. */
  name: string | undefined;
  log: Logger;
  signal: AbortSignal;
}

export interface Restored {
  name: string;
  location: string;
  /** Of the backup: the moment that was restored. */
  startedAt: string;
  tables: number;
  /** Counted in the database and equal to the manifest. */
  rows: number;
  /** Conversations whose highest number is that of the backup. */
  conversations: number;
  epoch: number;
}

/**
 * Into an unused database only. Rows, checks and the mark that they are in are one transaction; before and after it
 * stand migrations, which can be repeated. Killed anywhere and run again with the same backup, it goes on.
 */
export async function restoreBackup(deps: RestoreDeps): Promise<Restored> {
  const { databaseUrl, place, log } = deps;
  return withMigrationLock(databaseUrl, async (client) => {
    const before = await loadRestore(client);
    const manifest = await chooseBackup(deps, before?.backup);
    const backup = `${place.location} ${manifest.name}`;
    if (before && before.state !== 'running' && before.backup !== backup) {
      throw new BackupError('DatabaseNotEmpty', `${before.backup} was restored into this database; give the restore an empty one.`);
    }
    if (before?.state === 'done') return before.result as Restored;
    log.info({ name: manifest.name, release: manifest.release, startedAt: manifest.startedAt }, 'restoring');
    if (before === undefined) await requireUnused(client, manifest);
    else if (before.state === 'running') await requireOlderTables(client, manifest);
    if (before?.state !== 'copied') {
      await beginRestore(client, backup);
      await applyMigrations(databaseUrl, manifest.migrations);
      // Pods that are not to be here yet take its absence for a database that is not migrated.
      await client.query('delete from installation');
      await restoreRows(client, manifest, deps);
    }
    await applyMigrations(databaseUrl);
    await saveRestore(client, 'done');
    await client.query('analyze');
    return (await loadRestore(client))!.result as Restored;
  });
}

/** `begun`: as the mark in the database says it. */
async function chooseBackup({ place, name }: RestoreDeps, begun: string | undefined): Promise<Manifest> {
  // A newer one may have appeared since.
  const fixed = name ?? (begun?.startsWith(`${place.location} `) ? begun.slice(place.location.length + 1) : undefined);
  const manifest = fixed === undefined ? (await listComplete(place))[0]?.manifest : await readManifest(place, fixed);
  if (!manifest) throw new BackupError('BackupNotFound', `There is no complete backup in ${place.location}.`);
  const folder = (await place.list()).find((each) => each.name === manifest.name);
  if (!folder || !isWhole(manifest, folder)) {
    throw new BackupError('BackupNotComplete', `Files of the backup "${manifest.name}" are missing or cut short; restore another one.`);
  }
  const known = new Set(listMigrations());
  const unknown = manifest.migrations.filter((migration) => !known.has(migration));
  if (unknown.length > 0) {
    throw new BackupError(
      'BackupTooNew',
      `The backup "${manifest.name}" is of release ${manifest.release}, whose tables this release does not know; restore it with that release or a newer one.`,
    );
  }
  return manifest;
}

async function restoreRows(client: pg.Client, manifest: Manifest, { place, log, signal }: RestoreDeps): Promise<void> {
  using progress = createProgress(log, 'restoring');
  const streams: StreamDeps = { client, place, folder: manifest.name, progress, signal };
  await client.query('begin');
  try {
    for (const table of Object.keys(manifest.tables).toReversed()) await client.query(`delete from ${escapeIdentifier(table)}`);
    for (const part of manifest.parts) {
      progress.at(part.file);
      await copyIn(streams, part, copyInSql(part.table, part.columns));
    }
    const rows = await checkRows(client, manifest);
    await checkSequences(streams, manifest);
    await setIdentities(client, Object.keys(manifest.tables));
    const epoch = await beginEpoch(client);
    const result: Restored = {
      name: manifest.name,
      location: place.location,
      startedAt: manifest.startedAt,
      tables: Object.keys(manifest.tables).length,
      rows,
      conversations: manifest.sequences.rows,
      epoch,
    };
    await saveRestore(client, 'copied', result);
    await client.query('commit');
  } catch (error) {
    // A connection that was lost has rolled back by itself.
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}

async function checkRows(client: pg.Client, { tables }: Manifest): Promise<number> {
  let all = 0;
  for (const [table, expected] of Object.entries(tables)) {
    const { rows } = await client.query<{ n: string }>(`select count(*) as n from ${escapeIdentifier(table)}`);
    const found = Number(rows[0]!.n);
    if (found !== expected) throw new BackupError('ChecksFailed', `The table ${table} has ${found} rows, the backup had ${expected}.`);
    all += found;
  }
  return all;
}

/** The counter and the highest entry of every conversation, against what they were at the moment of the backup. */
async function checkSequences(streams: StreamDeps, { sequences }: Manifest): Promise<void> {
  const { client } = streams;
  await client.query(
    'create temporary table expected (conversation_id uuid primary key, last_seq bigint not null, top_seq bigint) on commit drop',
  );
  await copyIn(streams, sequences, 'copy expected from stdin');
  const { rows } = await client.query<{ id: string; expected: string; found: string }>(`
    select coalesce(x.conversation_id, f.conversation_id) as id,
      concat_ws('/', x.last_seq, x.top_seq) as expected, concat_ws('/', f.last_seq, f.top_seq) as found
    from expected x full join (${sequencesSql}) f on f.conversation_id = x.conversation_id
    where (x.last_seq, x.top_seq) is distinct from (f.last_seq, f.top_seq) limit 3`);
  if (rows.length === 0) return;
  const what = rows.map(({ id, expected, found }) => `${id} is at ${found || 'nothing'}, was at ${expected || 'nothing'}`);
  throw new BackupError('ChecksFailed', `Conversations do not end where they did: ${what.join('; ')}.`);
}

/** Numbers that Postgres gives go on after the highest. */
async function setIdentities(client: pg.Client, tables: string[]): Promise<void> {
  const { rows } = await client.query<{ table: string; column: string }>(
    `select c.relname as table, a.attname as column from pg_attribute a join pg_class c on c.oid = a.attrelid
     where a.attidentity <> '' and c.relname = any ($1) and c.relnamespace = current_schema()::regnamespace`,
    [tables],
  );
  for (const { table, column } of rows) {
    const name = escapeIdentifier(column);
    await client.query(
      `select setval(pg_get_serial_sequence($1, $2), coalesce(max(${name}) + 1, 1), false) from ${escapeIdentifier(table)}`,
      [escapeIdentifier(table), column],
    );
  }
}

async function beginEpoch(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ epoch: string }>(
    `update installation set epoch = ${newEpoch}, system_identifier = (select system_identifier::text from pg_control_system())
     returning epoch`,
  );
  return Number(rows[0]!.epoch);
}
