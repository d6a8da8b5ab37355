import { Readable } from 'node:stream';
import type pg from 'pg';
import type { Logger } from '../log.ts';
import { lockOutMigrations } from '../store/migrate.ts';
import { BackupError } from './errors.ts';
import { FORMAT, isWhole, MANIFEST, type Manifest, readManifest, type TablePart } from './manifest.ts';
import type { BackupPlace } from './place.ts';
import { createProgress } from './progress.ts';
import { copyOut, type StreamDeps } from './stream.ts';
import { copyOutSql, listTables, sequencesSql } from './tables.ts';

export interface BackupDeps {
  /** A connection of its own; the caller ends it. */
  client: pg.Client;
  place: BackupPlace;
  name: string;
  /** Of this program. */
  release: string;
  log: Logger;
  signal: AbortSignal;
}

/**
 * Everything as it is at one moment, in one transaction that only reads and keeps nobody waiting but migrations.
 * The manifest comes last: what was killed before has none and is no backup. Called again with the same name it
 * begins anew, or gives back the complete backup that is there.
 */
export async function makeBackup(deps: BackupDeps): Promise<Manifest> {
  const { client, place, name, log } = deps;
  const present = await findComplete(place, name);
  if (present) {
    log.info({ name }, 'this backup is complete already');
    return present;
  }
  const startedAt = new Date().toISOString();
  await lockOutMigrations(client);
  await client.query('begin isolation level repeatable read read only');
  const facts = await loadFacts(client);
  using progress = createProgress(log, 'backing up');
  const stored = await copyTables({ ...deps, folder: name, progress });
  await client.query('commit');
  const manifest: Manifest = {
    format: FORMAT,
    name,
    release: deps.release,
    ...facts,
    startedAt,
    finishedAt: new Date().toISOString(),
    ...stored,
  };
  await place.write(name, MANIFEST, Readable.from([Buffer.from(JSON.stringify(manifest, null, 1))], { objectMode: false }));
  return manifest;
}

async function findComplete(place: BackupPlace, name: string): Promise<Manifest | undefined> {
  const folder = (await place.list()).find((each) => each.name === name);
  if (!folder?.files.some((file) => file.name === MANIFEST)) return undefined;
  const manifest = await readManifest(place, name);
  if (isWhole(manifest, folder)) return manifest;
  throw new BackupError('BackupDamaged', `There is a damaged backup "${name}" in ${place.location}; give the new one another name.`);
}

/** The first statement of the transaction: all later ones see the database as it is now. */
async function loadFacts(client: pg.Client): Promise<Pick<Manifest, 'postgres' | 'migrations' | 'epoch'>> {
  const { rows: found } = await client.query<{ exists: boolean }>(`select to_regclass('installation') is not null as exists`);
  if (!found[0]?.exists) {
    throw new BackupError('DatabaseNotMigrated', 'The database has no chat in it; check DATABASE_URL, or start the chat once.');
  }
  const { rows } = await client.query<{ postgres: string; epoch: string; migrations: string[] }>(
    `select current_setting('server_version') as postgres, epoch,
       (select array_agg(m.name::text order by m.id) from migrations m) as migrations from installation`,
  );
  const { postgres, epoch, migrations } = rows[0]!;
  return { postgres, epoch: Number(epoch), migrations };
}

async function copyTables(deps: StreamDeps): Promise<Pick<Manifest, 'tables' | 'parts' | 'sequences'>> {
  const { client, progress } = deps;
  const tables: Manifest['tables'] = {};
  const parts: TablePart[] = [];
  for (const table of await listTables(client)) {
    tables[table.name] = 0;
    for (const leaf of table.leaves) {
      progress.at(leaf);
      const { digest: _, ...part } = await copyOut(deps, `${leaf}.copy.gz`, copyOutSql(table, leaf));
      parts.push({ ...part, table: table.name, columns: table.columns });
      tables[table.name]! += part.rows;
    }
  }
  progress.at('sequences');
  const sequences = await copyOut(deps, 'sequences.copy.gz', `copy (${sequencesSql} order by c.id) to stdout`);
  return { tables, parts, sequences };
}
