import { escapeIdentifier } from 'pg';
import type pg from 'pg';
import { listApplied, listRelations } from '../store/sql/restores.ts';
import { BackupError } from './errors.ts';
import type { Manifest } from './manifest.ts';
import { listTables } from './tables.ts';

/** Tables that migrations write a row to. */
const fromTheBeginning = new Set(['installation', 'retention_settings']);

/** Empty, or with no more than the tables of a chat that never began: the migration was quicker than the restore. */
export async function requireUnused(client: pg.Client, manifest: Manifest): Promise<void> {
  const found = await listRelations(client);
  if (found.length === 0) return;
  if (await hasNeverBegun(client)) return requireOlderTables(client, manifest);
  throw new BackupError(
    'DatabaseNotEmpty',
    `The database is not empty (${found.join(', ')} …): a restore never overwrites. Give it an empty database.`,
  );
}

/** Pods write keys as soon as they start. A row in any table of the schema is too much, whosever it is. */
async function hasNeverBegun(client: pg.Client): Promise<boolean> {
  if ((await listApplied(client)).length === 0) return false;
  for (const { name } of await listTables(client)) {
    if (fromTheBeginning.has(name)) continue;
    const { rows } = await client.query<{ used: boolean }>(`select exists (select from ${escapeIdentifier(name)}) as used`);
    if (rows[0]?.used !== false) return false;
  }
  return true;
}

/** Its tables are without rows, but they may be newer than those of this backup. */
export async function requireOlderTables(client: pg.Client, { name, migrations }: Manifest): Promise<void> {
  const applied = await listApplied(client);
  if (applied.every((migration) => migrations.includes(migration))) return;
  throw new BackupError('DatabaseNotEmpty', `Tables of a newer release are in the database; restore "${name}" into an empty one.`);
}
