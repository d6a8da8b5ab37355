import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { startPostgres } from '../postgres.ts';
import { isAlive, poll, ServiceError, spawnDetached, tail } from '../process.ts';
import { startRedis } from '../redis.ts';
import { serverMalloc, serverNodeFlags } from '../server-flags.ts';
import { adminLinkFile } from './admin-link.ts';
import { localDir, marker, type PodSpec, root, type Settings } from './settings.ts';
import type { State } from './state.ts';

const readyDeadlineMs = 60_000;
const database = 'chatcluster';

export const logFile = (name: string) => join(localDir, 'logs', `${name}.log`);

function postgresPassword(): string {
  const file = join(localDir, 'postgres.password');
  if (!existsSync(file)) writeFileSync(file, randomBytes(18).toString('base64url'), { mode: 0o600 });
  return readFileSync(file, 'utf8').trim();
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
  } finally {
    await client.end();
  }
}

export async function startOwnPostgres(settings: Settings, onSpawn?: (pid: number) => void): Promise<{ pid: number; url: string }> {
  mkdirSync(localDir, { recursive: true });
  const dataDir = join(localDir, 'postgres');
  const started = await startPostgres({
    dataDir,
    port: settings.postgresPort,
    durable: true,
    password: postgresPassword(),
    detached: true,
    logFile: logFile('postgres'),
    onSpawn,
  });
  await ensureDatabase(started.url);
  return { pid: started.pid, url: started.url.replace(/\/postgres$/, `/${database}`) };
}

export function startOwnRedis(settings: Settings, onSpawn?: (pid: number) => void): Promise<{ pid: number; url: string }> {
  return startRedis({
    dir: join(localDir, 'redis'),
    port: settings.redisPort,
    appendOnly: true,
    detached: true,
    logFile: logFile('redis'),
    onSpawn,
  });
}

function podEnv({ settings, databaseUrl, redisUrls }: State, pod: PodSpec, role: string): NodeJS.ProcessEnv {
  const webRoot = join(root, 'web/dist');
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    TZ: process.env.TZ,
    ...serverMalloc,
    // What the caller says comes later, and so counts.
    NODE_OPTIONS: `${serverNodeFlags} ${process.env.NODE_OPTIONS ?? ''}`.trim(),
    NODE_EXTRA_CA_CERTS: process.env.NODE_EXTRA_CA_CERTS,
    // One folder for all pods, unless files are kept elsewhere.
    ...(settings.passThrough.FILES_S3_BUCKET ? {} : { FILES_DIR: join(localDir, 'files') }),
    ADMIN_LINK_FILE: adminLinkFile,
    // WEB_ROOT of the caller is another build of the web app.
    ...(existsSync(webRoot) ? { WEB_ROOT: webRoot } : {}),
    ...settings.passThrough,
    [marker]: localDir,
    ROLE: role,
    POD_ID: pod.id,
    HOST: '127.0.0.1',
    PORT: `${pod.port}`,
    ADMIN_PORT: `${pod.adminPort}`,
    DATABASE_URL: databaseUrl,
    ...(redisUrls ? { REDIS_URLS: redisUrls } : {}),
  };
}

export async function runMigrations(state: State): Promise<void> {
  const pod = state.settings.pods[0];
  if (!pod) return;
  const file = logFile('migrate');
  const log = openSync(file, 'a');
  const child = spawn(process.execPath, ['server/src/main.ts'], {
    cwd: root,
    env: podEnv(state, pod, 'migrate'),
    stdio: ['ignore', log, log],
    timeout: readyDeadlineMs,
  });
  closeSync(log);
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new ServiceError(`the migrations failed; the end of ${file}:\n${tail(file)}`);
}

async function isReady(pod: PodSpec): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${pod.adminPort}/readyz`, { signal: AbortSignal.timeout(2_000) });
    await answer.body?.cancel();
    return answer.status === 200;
  } catch {
    return false; // not listening yet, or still busy: the same answer for somebody who waits
  }
}

export function spawnPod(state: State, pod: PodSpec): number {
  return spawnDetached(process.execPath, ['server/src/main.ts'], { cwd: root, env: podEnv(state, pod, 'all'), logFile: logFile(pod.id) });
}

export async function waitReady(pod: PodSpec, pid: number): Promise<void> {
  const what = await poll(
    async () => (!isAlive(pid) ? 'dead' : (await isReady(pod)) && 'ready'),
    readyDeadlineMs,
    () => `${pod.id} is not ready after ${readyDeadlineMs / 1_000} s; the end of ${logFile(pod.id)}:\n${tail(logFile(pod.id))}`,
  );
  if (what === 'dead') throw new ServiceError(`${pod.id} ended while starting; the end of ${logFile(pod.id)}:\n${tail(logFile(pod.id))}`);
}
