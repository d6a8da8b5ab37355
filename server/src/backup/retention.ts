import type { Logger } from '../log.ts';
import { listComplete, MANIFEST } from './manifest.ts';
import type { BackupPlace, Folder } from './place.ts';

/** A folder without a manifest may still be written to; after this it is taken for what a killed backup left. */
const UNFINISHED_MS = 24 * 3_600_000;

export interface RetentionOptions {
  place: BackupPlace;
  retentionSeconds: number;
  nowMs: number;
  log: Logger;
}

/** Removes complete backups that are too old, never the newest, and what killed ones left. Returns the names. */
export async function removeExpired({ place, retentionSeconds, nowMs, log }: RetentionOptions): Promise<string[]> {
  const [, ...older] = await listComplete(place);
  const expired = older.filter(({ manifest }) => Date.parse(manifest.startedAt) < nowMs - retentionSeconds * 1_000);
  const abandoned = (await place.list()).filter((folder) => isAbandoned(folder, nowMs));
  const removed = [...expired.map(({ folder }) => folder), ...abandoned];
  for (const folder of removed) {
    // First what makes it a backup: half of one must never look complete.
    await place.remove(folder.name, [MANIFEST]);
    await place.remove(
      folder.name,
      folder.files.map(({ name }) => name),
    );
    log.info({ name: folder.name }, 'expired backup removed');
  }
  return removed.map(({ name }) => name);
}

function isAbandoned({ files }: Folder, nowMs: number): boolean {
  return files.every(({ name, modifiedMs }) => name !== MANIFEST && modifiedMs < nowMs - UNFINISHED_MS);
}
