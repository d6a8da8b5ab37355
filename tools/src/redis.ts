import { execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Service } from './postgres.ts';
import { freePort, isAlive, poll, ServiceError, stopPid, tail } from './process.ts';

const startDeadlineMs = 60_000;

export interface RedisOptions {
  dir: string;
  /** @default a free loopback port */
  port?: number;
  /** Append-only file, so that a restart keeps the data. @default false */
  appendOnly?: boolean;
  /** Outlives the process that started it. @default false */
  detached?: boolean;
  /** @default `redis.log` in the folder */
  logFile?: string;
  /** Told the pid before the service is ready. */
  onSpawn?(pid: number): void;
}

/** Throws when there is none, or too old a one. */
function readVersion(): { major: number; minor: number } {
  let text: string;
  try {
    text = execFileSync('redis-server', ['--version'], { encoding: 'utf8' });
  } catch (cause) {
    throw new ServiceError('redis-server is not installed; run: apt-get update && apt-get install -y redis-server', { cause });
  }
  const [, major = 0, minor = 0] = (/v=(\d+)\.(\d+)/.exec(text) ?? []).map(Number);
  if (major < 7) throw new ServiceError(`redis-server 7 or newer is needed, this one says: ${text.trim()}`);
  return { major, minor };
}

/** Before 7.2 Redis cannot say whether its file is on disk: only one that is written at every command may hold queued messages. */
function appendOnlyArgs(isAppendOnly: boolean, { major, minor }: { major: number; minor: number }): string[] {
  if (!isAppendOnly) return ['--appendonly', 'no'];
  return ['--appendonly', 'yes', '--appendfsync', major > 7 || minor >= 2 ? 'everysec' : 'always'];
}

/** One inline PING: no client library, so that nothing retries behind our back. LOADING answers are not ready. */
function ping(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 2_000 });
    const finish = (ready: boolean) => {
      socket.destroy();
      done(ready);
    };
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (data) => finish(data.toString().startsWith('+PONG')));
    socket.once('error', () => finish(false));
    socket.once('timeout', () => finish(false));
    socket.once('close', () => done(false));
  });
}

function launch(dir: string, port: number, options: RedisOptions & { logFile: string; appendOnlyArgs: string[] }): number {
  const args = ['--bind', '127.0.0.1', '--port', `${port}`, '--dir', dir, '--daemonize', 'no', '--save', '', ...options.appendOnlyArgs];
  const log = openSync(options.logFile, 'a');
  const child = spawn('redis-server', args, { cwd: dir, detached: options.detached ?? false, stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();
  if (child.pid === undefined) throw new ServiceError('redis-server did not start');
  return child.pid;
}

export async function startRedis(options: RedisOptions): Promise<Service> {
  const version = readVersion();
  const dir = resolve(options.dir);
  mkdirSync(dir, { recursive: true });
  const full = {
    ...options,
    logFile: options.logFile ?? join(dir, 'redis.log'),
    appendOnlyArgs: appendOnlyArgs(options.appendOnly ?? false, version),
  };
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    const port = options.port ?? (await freePort());
    const pid = launch(dir, port, full);
    full.onSpawn?.(pid);
    const state = await poll(
      async () => (!isAlive(pid) ? 'dead' : (await ping(port)) && 'ready'),
      startDeadlineMs,
      () => `Redis is not ready after ${startDeadlineMs / 1_000} s:\n${tail(full.logFile)}`,
    );
    if (state === 'ready') return { url: `redis://127.0.0.1:${port}`, port, pid, stop: () => stopPid(pid, 'SIGTERM') };
    await delay(200);
  }
  throw new ServiceError(`Redis ended while starting:\n${existsSync(full.logFile) ? tail(full.logFile) : ''}`);
}
