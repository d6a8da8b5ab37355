import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import type { ClientBase } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { BackupError } from './errors.ts';
import type { StoredPart } from './manifest.ts';
import type { BackupPlace } from './place.ts';
import type { Progress } from './progress.ts';

/** Text of COPY shrinks to a fifth already; more costs the processor more than the store saves. */
const GZIP_LEVEL = 3;

export interface StreamDeps {
  client: ClientBase;
  place: BackupPlace;
  /** Of the backup. */
  folder: string;
  progress: Progress;
  signal: AbortSignal;
}

interface Tally {
  bytes: number;
  sha256: string;
}

/** Passes the bytes on; the tally is right when all have passed. */
async function* tallied(source: AsyncIterable<Buffer>, tally: Tally, onBytes: (bytes: number) => void): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of source) {
    hash.update(chunk);
    tally.bytes += chunk.length;
    onBytes(chunk.length);
    yield chunk;
  }
  tally.sha256 = hash.digest('hex');
}

const noTally = (): Tally => ({ bytes: 0, sha256: '' });

/** What a COPY TO STDOUT gives, compressed and stored as one file. `digest`: sha256 of the rows before compression. */
export async function copyOut(
  { client, place, folder, progress, signal }: StreamDeps,
  file: string,
  sql: string,
): Promise<StoredPart & { digest: string }> {
  const rows = client.query(copyTo(sql));
  const [plain, stored] = [noTally(), noTally()];
  await pipeline(
    rows,
    (source: AsyncIterable<Buffer>) => tallied(source, plain, () => undefined),
    createGzip({ level: GZIP_LEVEL }),
    (source: AsyncIterable<Buffer>) =>
      place.write(folder, file, Readable.from(tallied(source, stored, progress.add), { objectMode: false })),
    { signal },
  );
  return { file, rows: rows.rowCount, ...stored, digest: plain.sha256 };
}

/** Throws BackupError when the file is not what the manifest says; the transaction of the caller then takes everything back. */
export async function copyIn({ client, place, folder, progress, signal }: StreamDeps, part: StoredPart, sql: string): Promise<void> {
  const stored = await place.read(folder, part.file);
  const damaged = (what: string, cause?: unknown) =>
    new BackupError('BackupDamaged', `${part.file} of the backup ${folder} ${what}; restore another backup.`, { cause });
  if (!stored) throw damaged('is missing');
  const tally = noTally();
  const target = client.query(copyFrom(sql));
  try {
    await pipeline(stored, (source: AsyncIterable<Buffer>) => tallied(source, tally, progress.add), createGunzip(), target, { signal });
  } catch (error) {
    throw isDamage(error) ? damaged('cannot be read', error) : error;
  }
  if (tally.sha256 !== part.sha256 || tally.bytes !== part.bytes) throw damaged('has another checksum than when it was made');
  if (target.rowCount !== part.rows) throw damaged(`has ${target.rowCount} rows in place of ${part.rows}`);
}

/** Of zlib, or of Postgres about the rows themselves. */
function isDamage(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false;
  return /^(Z_|22|23)/.test(String(error.code));
}
