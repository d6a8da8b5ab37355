import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { identify, isAlive, type Running, ServiceError } from '../process.ts';
import { localDir, root, type Settings } from './settings.ts';

const stateFile = join(localDir, 'state.json');
const clusterFile = join(localDir, 'cluster.json');
const lockFile = join(localDir, 'state.lock');

/** What `make up` started, written before the next thing starts, so that `make down` finds it after any crash. */
export interface State {
  settings: Settings;
  databaseUrl: string;
  redisUrls: string;
  /** By name: postgres, redis, haproxy, pod-0 … */
  processes: Record<string, Running>;
}

export function readState(): State | undefined {
  if (!existsSync(stateFile)) return undefined;
  try {
    return JSON.parse(readFileSync(stateFile, 'utf8')) as State;
  } catch (cause) {
    throw new ServiceError(`${stateFile} cannot be read; stop what runs by hand and remove it`, { cause });
  }
}

/** Readers never see half a file. The file holds the database's password. */
function replace(file: string, value: unknown): void {
  const next = `${file}.${process.pid}`;
  writeFileSync(next, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 });
  renameSync(next, file);
}

function clusterOf(state: State): unknown {
  const chosen = localDir === join(root, '.local') ? '' : `LOCAL_DIR='${localDir}' `;
  const entry = (name: string) => ({
    pid: state.processes[name]?.pid ?? null,
    restart: `cd '${root}' && ${chosen}node_modules/.bin/node tools/src/restart.ts ${name}`,
  });
  const external = { pid: null, restart: null };
  const { settings } = state;
  return {
    pods: settings.pods.map(({ id, port, adminPort }) => ({
      id,
      url: `http://127.0.0.1:${port}`,
      adminUrl: `http://127.0.0.1:${adminPort}`,
      ...entry(id),
    })),
    frontUrl: settings.frontUrl,
    postgres: { url: state.databaseUrl, ...(settings.databaseUrl ? external : entry('postgres')) },
    redis: state.redisUrls ? { url: state.redisUrls, ...(settings.startRedis ? entry('redis') : external) } : null,
  };
}

export function writeState(state: State): void {
  mkdirSync(localDir, { recursive: true });
  replace(stateFile, state);
  replace(clusterFile, clusterOf(state));
}

export function removeState(): void {
  for (const file of [clusterFile, stateFile, lockFile]) rmSync(file, { force: true });
}

/** Two restarts may end at the same moment; each changes only its own entry. */
export async function recordProcess(name: string, pid: number): Promise<void> {
  await withLock(() => {
    const state = readState();
    if (!state) throw new ServiceError('the cluster is down; start it with: make up');
    writeState({ ...state, processes: { ...state.processes, [name]: identify(pid) } });
  });
}

async function withLock(work: () => void): Promise<void> {
  const end = Date.now() + 10_000;
  while (!tryLock()) {
    const holder = Number(readFileIfThere(lockFile));
    // An owner that died, or a lock file without an owner after the whole wait, is left over from a crash.
    if ((holder > 0 && !isAlive(holder)) || Date.now() > end) rmSync(lockFile, { force: true });
    await delay(10);
  }
  try {
    work();
  } finally {
    rmSync(lockFile, { force: true });
  }
}

function tryLock(): boolean {
  try {
    writeFileSync(lockFile, `${process.pid}`, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readFileIfThere(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}
