import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import type { BackupConfig } from '../config/backup.ts';
import { type Config, ConfigError } from '../config.ts';
import { waitForPostgres } from '../lifecycle/open-store.ts';
import { connectionOf, directOf } from '../store/connection.ts';
import type { Logger } from '../log.ts';
import { BackupError } from './errors.ts';
import { makeBackup } from './make-backup.ts';
import { type BackupPlace, openPlace } from './place.ts';
import { restoreBackup } from './restore-backup.ts';
import { removeExpired } from './retention.ts';

/** Kubernetes shows 4,096 bytes of a termination message. */
const MESSAGE_MAX = 2_000;
/** Of sysexits.h: what was given is wrong, and trying again does not help. */
const EXIT_DATA = 65;

type Task = (config: Config, log: Logger, signal: AbortSignal) => Promise<object>;

/**
 * The roles `backup` and `restore`: one task, then the end. A line of the output that begins with `{"ok":`, and BACKUP_RESULT_FILE,
 * hold `{ ok: true, … }` or `{ ok: false, reason, message }` as JSON.
 */
export async function runTask(config: Config, log: Logger, signal: AbortSignal): Promise<void> {
  const task: Task = config.role === 'backup' ? backUp : restore;
  try {
    report(config.backup!, { ok: true, ...(await task(config, log, signal)) });
  } catch (error) {
    const reason = error instanceof BackupError || error instanceof ConfigError ? error : undefined;
    const message = describe(error).slice(0, MESSAGE_MAX);
    log.error({ err: error }, `${config.role} failed`);
    report(config.backup!, { ok: false, reason: error instanceof BackupError ? error.reason : 'Failed', message });
    if (error instanceof ConfigError) throw error;
    process.exitCode = reason ? EXIT_DATA : 1;
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'AbortError') return 'It was stopped before it was done.';
  return error instanceof AggregateError ? describe(error.errors[0]) : error.message;
}

function report({ resultFile }: BackupConfig, result: object): void {
  const line = `${JSON.stringify(result)}\n`;
  if (resultFile) writeFileSync(resultFile, line);
  process.stdout.write(line);
}

async function backUp(config: Config, log: Logger, signal: AbortSignal): Promise<object> {
  const { place: where, retentionSeconds, name = nameOf(new Date()) } = config.backup!;
  using place = await openPlace(where);
  await waitForPostgres(config, log, signal);
  const client = new pg.Client({ ...connectionOf(directOf(config)), application_name: 'chatcluster-backup', keepAlive: true });
  client.on('error', (error) => log.debug({ err: error }, 'the connection of the backup failed'));
  await client.connect();
  try {
    const manifest = await makeBackup({ client, place, name, release: config.version, log, signal });
    const rows = Object.values(manifest.tables).reduce((sum, n) => sum + n, 0);
    const bytes = [...manifest.parts, manifest.sequences].reduce((sum, part) => sum + part.bytes, 0);
    log.info({ name, rows, bytes }, 'backup complete');
    const { startedAt, finishedAt, sequences } = manifest;
    const removed = retentionSeconds === undefined ? {} : await expire(place, retentionSeconds, log);
    return { name, location: place.location, rows, bytes, conversations: sequences.rows, startedAt, finishedAt, ...removed };
  } finally {
    await closeSoon(client);
  }
}

/** In the middle of a COPY Postgres does not listen to a farewell. */
async function closeSoon(client: pg.Client): Promise<void> {
  const late = new AbortController();
  await Promise.race([client.end(), wait(1_000, undefined, { signal: late.signal, ref: false })]).catch(() => undefined);
  late.abort();
}

/** The backup is made: what goes wrong here is told, and tried again by the next one. */
async function expire(place: BackupPlace, retentionSeconds: number, log: Logger): Promise<{ removed?: number; notRemoved?: string }> {
  try {
    return { removed: (await removeExpired({ place, retentionSeconds, nowMs: Date.now(), log })).length };
  } catch (error) {
    log.warn({ err: error }, 'expired backups could not be removed');
    return { notRemoved: describe(error).slice(0, MESSAGE_MAX) };
  }
}

async function restore(config: Config, log: Logger, signal: AbortSignal): Promise<object> {
  const { place: where, name } = config.backup!;
  using place = await openPlace(where);
  await waitForPostgres(config, log, signal);
  const result = await restoreBackup({ databaseUrl: directOf(config), place, name, log, signal });
  log.info({ ...result }, 'restore complete');
  return result;
}

/** Sorts by time; two in one second differ. */
function nameOf(now: Date): string {
  return `${now.toISOString().slice(0, 19).replace(/[:]/g, '').toLowerCase()}z-${randomBytes(2).toString('hex')}`;
}
