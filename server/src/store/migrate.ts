import { setTimeout as wait } from 'node:timers/promises';
import type { TlsOptions } from 'node:tls';
import pg from 'pg';
import { DataSource, QueryFailedError } from 'typeorm';
import { connectionOf, type Database } from './connection.ts';
import { entities } from './entities/index.ts';
import { Init0001 } from './migrations/0001-init.ts';
import { Match0002 } from './migrations/0002-match.ts';
import { Jobs0010 } from './migrations/0010-jobs.ts';
import { Accounts0011 } from './migrations/0011-accounts.ts';
import { Files0020 } from './migrations/0020-files.ts';
import { Threads0030 } from './migrations/0030-threads.ts';
import { Duties0080 } from './migrations/0080-duties.ts';
import { Safety0040 } from './migrations/0040-safety.ts';
import { Notifications0041 } from './migrations/0041-notifications.ts';
import { Retention0042 } from './migrations/0042-retention.ts';
import { ReactionOrder0043 } from './migrations/0043-reaction-order.ts';
import { PublishedKeys0055 } from './migrations/0055-published-keys.ts';
import { Locale0070 } from './migrations/0070-locale.ts';
import { RetentionSettings0071 } from './migrations/0071-retention-settings.ts';
import { AdminLinks0056 } from './migrations/0056-admin-links.ts';
import { OwnVersion0065 } from './migrations/0065-own-version.ts';
import { Search0031 } from './migrations/0031-search.ts';
import { Invites0032 } from './migrations/0032-invites.ts';
import { Integrations0033 } from './migrations/0033-integrations.ts';
import { LinkPreviews0075 } from './migrations/0075-link-previews.ts';
import { PreviewJobs0076 } from './migrations/0076-preview-jobs.ts';
import { IndexLookups0090 } from './migrations/0090-index-lookups.ts';
import { AppendFresh0091 } from './migrations/0091-append-fresh.ts';
import { WebhookLookups0092 } from './migrations/0092-webhook-lookups.ts';
import { ValidatedChecks0093 } from './migrations/0093-validated-checks.ts';
import { ThreadReads0094 } from './migrations/0094-thread-reads.ts';
import { IndexPages0100 } from './migrations/0100-index-pages.ts';
import { SearchNewest0101 } from './migrations/0101-search-newest.ts';
import { SearchAges0102 } from './migrations/0102-search-ages.ts';
import { CloseBehind0103 } from './migrations/0103-close-behind.ts';
import { HistoryPage0104 } from './migrations/0104-history-page.ts';
import { CloseBehindWhileWaiting0105 } from './migrations/0105-close-behind-while-waiting.ts';
import { loadRestore, newEpoch, RestoreUnfinishedError } from './sql/restores.ts';

/** Any fixed number; held while migrating, so that several pods may start at once. */
const MIGRATION_LOCK = 7_251_604_118;

/** A statement that waits for a table keeps everybody waiting who comes after it: it gives way after this time. */
const LOCK_WAIT_MS = 1_000;
/** For those who were kept waiting. */
const PAUSE_MS = 2_000;
/** Five minutes: whoever holds a table for that long must be looked for. */
const TRIES = 100;

export const migrations = [
  Init0001,
  Match0002,
  Jobs0010,
  Accounts0011,
  Files0020,
  Threads0030,
  Search0031,
  Invites0032,
  Safety0040,
  Notifications0041,
  Retention0042,
  ReactionOrder0043,
  OwnVersion0065,
  Duties0080,
  Integrations0033,
  PublishedKeys0055,
  LinkPreviews0075,
  PreviewJobs0076,
  Locale0070,
  RetentionSettings0071,
  AdminLinks0056,
  IndexLookups0090,
  AppendFresh0091,
  WebhookLookups0092,
  ValidatedChecks0093,
  ThreadReads0094,
  IndexPages0100,
  SearchNewest0101,
  SearchAges0102,
  CloseBehind0103,
  HistoryPage0104,
  CloseBehindWhileWaiting0105,
];

/** A TypeORM data source over the same tables: migrations and everything that is not hot. */
export function createDataSource(database: Database | string, only?: readonly string[]): DataSource {
  const connection = connectionOf(database);
  return new DataSource({
    type: 'postgres',
    // Named, as a bundler cannot see what TypeORM loads by name.
    driver: pg,
    url: connection.connectionString!,
    ssl: connection.ssl as TlsOptions,
    entities,
    migrations: migrations.filter((Migration) => only === undefined || only.includes(new Migration().name)),
    migrationsTableName: 'migrations',
    installExtensions: false,
    extra: { max: 2, application_name: 'chatcluster-migrate', lock_timeout: LOCK_WAIT_MS },
  });
}

/** Applies what is missing. Safe to run on several pods at once and on a database that is up to date. */
export async function migrate(database: Database | string): Promise<void> {
  await withMigrationLock(database, async (lock) => {
    const restore = await loadRestore(lock);
    if (restore && restore.state !== 'done') throw new RestoreUnfinishedError(restore.backup);
    await applyMigrations(database);
    await renewEpochAfterRestore(lock);
  });
}

/** Nobody else migrates, restores or begins a backup meanwhile; `work` gets the connection that holds the lock. */
export async function withMigrationLock<T>(database: Database | string, work: (lock: pg.Client) => Promise<T>): Promise<T> {
  const lock = new pg.Client({ ...connectionOf(database), application_name: 'chatcluster-migrate-lock', keepAlive: true });
  // Told to the query under way as well; without a listener it would end the process.
  lock.on('error', () => undefined);
  await lock.connect();
  try {
    await lock.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    return await work(lock);
  } finally {
    await lock.end();
  }
}

/** Held by a backup: a migration waits for it, since it would wait for the tables, and everybody behind it. */
export async function lockOutMigrations(client: pg.ClientBase): Promise<void> {
  await client.query('select pg_advisory_lock_shared($1)', [MIGRATION_LOCK]);
}

/** `only`: of these names. The caller holds the lock. */
export async function applyMigrations(database: Database | string, only?: readonly string[]): Promise<void> {
  const source = await createDataSource(database, only).initialize();
  try {
    await runPatiently(source);
  } finally {
    await source.destroy();
  }
}

/** What was applied before one had to give way stays applied. */
async function runPatiently(source: DataSource): Promise<void> {
  for (let i = 1; ; i += 1) {
    try {
      await source.runMigrations({ transaction: 'each' });
      return;
    } catch (error) {
      if (!isLockTimeout(error) || i === TRIES) throw error;
    }
    await wait(PAUSE_MS);
  }
}

function isLockTimeout(error: unknown): boolean {
  return error instanceof QueryFailedError && (error.driverError as { code?: string }).code === '55P03';
}

/** By name, oldest first. */
export function listMigrations(): string[] {
  return migrations.map((Migration) => new Migration().name);
}

/**
 * Transaction ids of another Postgres cluster (a restored dump) mean nothing here: change tokens and tails would skip
 * or repeat. Everything counts as changed in a new epoch instead.
 */
async function renewEpochAfterRestore(client: pg.Client): Promise<void> {
  await client.query(`
    do $do$
    declare
      v_system text := (select system_identifier::text from pg_control_system());
    begin
      update installation set epoch = ${newEpoch}, system_identifier = v_system where system_identifier <> v_system;
      if found then
        update conversations set changed_xid = pg_current_xact_id()::text::bigint;
        update members set changed_xid = pg_current_xact_id()::text::bigint;
        delete from batches;
        update notify_cursor set xid = pg_snapshot_xmin(pg_current_snapshot())::text::bigint;
      end if;
    end
    $do$`);
}
