import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { BackupError } from './errors.ts';
import type { BackupPlace, Folder } from './place.ts';

/** Written last: a folder without it is no backup. */
export const MANIFEST = 'manifest.json';
/** Of the layout of a backup; raised when an older release could not read what a newer one writes. */
export const FORMAT = 1;

const identifier = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/);
const count = z.int().min(0);
const hash = z.string().regex(/^[0-9a-f]{64}$/);

const file = z.object({
  file: z.string().regex(/^[a-z0-9_]+\.copy\.gz$/),
  rows: count,
  /** As stored. */
  bytes: count,
  sha256: hash,
});
const part = file.extend({ table: identifier, columns: z.array(identifier).min(1) });

const manifest = z.object({
  format: z.literal(FORMAT),
  name: z.string(),
  /** Release that made it. */
  release: z.string(),
  postgres: z.string(),
  /** The names of all that had been applied. */
  migrations: z.array(z.string()).min(1),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  epoch: count,
  /** Rows per table, in an order in which foreign keys hold. */
  tables: z.record(identifier, count),
  /** One per table, or per partition of it. */
  parts: z.array(part),
  /** One row per conversation: id, its counter, the highest number among its entries (empty: it has none). */
  sequences: file.extend({ digest: hash }),
});

export type StoredPart = z.output<typeof file>;
export type TablePart = z.output<typeof part>;
export type Manifest = z.output<typeof manifest>;

export async function readManifest(place: BackupPlace, name: string): Promise<Manifest> {
  const stored = await place.read(name, MANIFEST);
  if (!stored) {
    throw new BackupError('BackupNotFound', `There is no complete backup "${name}" in ${place.location}; the folder has no ${MANIFEST}.`);
  }
  return parseManifest(await text(stored as Readable), `${place.location} ${name}`);
}

function parseManifest(json: string, where: string): Manifest {
  const damaged = (cause: unknown) =>
    new BackupError('BackupDamaged', `The ${MANIFEST} of ${where} is damaged; restore another backup.`, { cause });
  let given: unknown;
  try {
    given = JSON.parse(json);
  } catch (error) {
    throw damaged(error);
  }
  const format = z.object({ format: z.int() }).safeParse(given);
  if (format.success && format.data.format > FORMAT) {
    throw new BackupError(
      'BackupTooNew',
      `The backup ${where} has format ${format.data.format}, this release reads ${FORMAT}; use the release that made it or a newer one.`,
    );
  }
  const result = manifest.safeParse(given);
  if (!result.success) throw damaged(result.error);
  return result.data;
}

/** Every file that the manifest names is there in its full length. */
export function isWhole({ parts, sequences }: Manifest, folder: Folder): boolean {
  const sizes = new Map(folder.files.map(({ name, bytes }) => [name, bytes]));
  return [...parts, sequences].every(({ file: name, bytes }) => sizes.get(name) === bytes);
}

export interface Complete {
  folder: Folder;
  manifest: Manifest;
}

/** Complete backups that this release can read, the newest first. */
export async function listComplete(place: BackupPlace): Promise<Complete[]> {
  const found: Complete[] = [];
  for (const folder of await place.list()) {
    if (!folder.files.some(({ name }) => name === MANIFEST)) continue;
    const read = await readManifest(place, folder.name).catch(passOverBad);
    if (read && isWhole(read, folder)) found.push({ folder, manifest: read });
  }
  return found.sort((a, b) => Date.parse(b.manifest.startedAt) - Date.parse(a.manifest.startedAt));
}

function passOverBad(error: unknown): undefined {
  if (error instanceof BackupError) return undefined;
  throw error;
}
