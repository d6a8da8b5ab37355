import { execFileSync } from 'node:child_process';
import { chownSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { type PostgresOptions, type Service, startPostgres } from './postgres.ts';

export interface StandbyOptions extends PostgresOptions {
  /** A running server on this machine whose superuser needs no password. */
  primary: { url: string; dataDir: string };
}

/** The steps of a base backup by hand, as the npm package has no pg_basebackup. */
async function copyData({ primary, dataDir }: StandbyOptions): Promise<void> {
  const client = new Client({ connectionString: primary.url });
  await client.connect();
  try {
    await client.query(`select pg_backup_start('standby', true)`);
    // The owner of the files has to be Postgres' user; only cp keeps it.
    execFileSync('cp', ['-a', primary.dataDir, dataDir]);
    const { rows } = await client.query<{ labelfile: string }>('select labelfile from pg_backup_stop(false)');
    writeOwned(dataDir, 'backup_label', rows[0]!.labelfile);
  } finally {
    await client.end();
  }
  for (const name of ['postmaster.pid', 'postmaster.opts']) rmSync(join(dataDir, name), { force: true });
}

function writeOwned(dataDir: string, name: string, text: string): void {
  const file = join(dataDir, name);
  writeFileSync(file, text, { mode: 0o600 });
  const { uid, gid } = statSync(dataDir);
  chownSync(file, uid, gid);
}

/** A hot standby of a server on this machine, streaming from it; its data folder must not be there yet. */
export async function startStandby(options: StandbyOptions): Promise<Service> {
  await copyData(options);
  const { hostname, port, username } = new URL(options.primary.url);
  writeOwned(options.dataDir, 'postgresql.auto.conf', `primary_conninfo = 'host=${hostname} port=${port} user=${username}'\n`);
  writeOwned(options.dataDir, 'standby.signal', '');
  return startPostgres(options);
}
