import { randomInt } from 'node:crypto';
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const stopDeadlineMs = 10_000;
const pollMs = 25;

/** What the user has to do; shown as one line without a stack. */
export class ServiceError extends Error {
  override name = 'ServiceError';
}

/**
 * Below the range from which the kernel takes the ports of outgoing connections (32768 on Linux): a port from inside it
 * that was free a moment ago may be some client's by the time that a server opens it.
 */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

/**
 * The first of `count` ports in a row on which nothing listens on loopback. Until this process ends, no other one that asks
 * here is given them: a server may open its port seconds later, and two test files run side by side.
 */
export async function freePort(count = 1): Promise<number> {
  for (;;) {
    const first = randomInt(FIRST_PORT, LAST_PORT - count);
    const ports = Array.from({ length: count }, (_, i) => first + i);
    if (ports.every(claimPort) && (await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
}

/** True when this process is its owner now. A file per port names the owner by pid and birth; a claim ends with its process. */
export function claimPort(port: number): boolean {
  const folder = join(tmpdir(), 'chat-ports');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${port}`);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      writeFileSync(file, `${process.pid} ${birthOf(process.pid)}`, { flag: 'wx' });
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (isClaimed(file)) return false;
      rmSync(file, { force: true });
    }
  }
  return false;
}

function isClaimed(file: string): boolean {
  const [pid = '', birth = ''] = readProc(file)?.split(' ') ?? [];
  // Empty: made this instant, not yet written.
  return pid === '' ? existsSync(file) : isAlive(Number(pid)) && birthOf(Number(pid)) === birth;
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const probe = createServer();
  probe.once('error', () => resolve(false));
  probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  return promise;
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !isZombie(pid);
}

/** A process can end between the look and the read. */
function readProc(path: string, read: (path: string) => string = (file) => readFileSync(file, 'utf8')): string | undefined {
  try {
    return read(path);
  } catch (error) {
    if (['ENOENT', 'ESRCH', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** A killed child whose parent has not reaped it still has a pid; it is dead all the same. */
function isZombie(pid: number): boolean {
  return existsSync('/proc/self') && /^\d+ \(.*\) Z /s.test(readProc(`/proc/${pid}/stat`) ?? '0 () Z ');
}

/** The command line of a process, words joined by spaces; undefined when it is gone or cannot be read. */
export function commandLine(pid: number): string | undefined {
  return readProc(`/proc/${pid}/cmdline`)?.replaceAll('\0', ' ').trim();
}

/** `NAME=value` of each variable that the process was started with; empty when it cannot be read. */
export function initialEnvironment(pid: number): string[] {
  return readProc(`/proc/${pid}/environ`)?.split('\0') ?? [];
}

export function workingFolder(pid: number): string | undefined {
  return readProc(`/proc/${pid}/cwd`, readlinkSync);
}

export async function waitForExit(pid: number, deadlineMs: number): Promise<boolean> {
  const end = Date.now() + deadlineMs;
  while (isAlive(pid)) {
    if (Date.now() > end) return false;
    await delay(pollMs);
  }
  return true;
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The first signal asks, SIGKILL after the bound ends it. */
export async function stopPid(pid: number, signal: NodeJS.Signals, deadlineMs = stopDeadlineMs): Promise<void> {
  if (!isAlive(pid)) return;
  signalIfAlive(pid, signal);
  if (await waitForExit(pid, deadlineMs)) return;
  signalIfAlive(pid, 'SIGKILL');
  await waitForExit(pid, deadlineMs);
}

export function tail(file: string, lines = 20): string {
  if (!existsSync(file)) return '';
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
}

/** Polls until the condition gives a truthy value. */
export async function poll<T>(condition: () => Promise<T> | T, deadlineMs: number, message: () => string): Promise<T> {
  const end = Date.now() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > end) throw new ServiceError(message());
    await delay(pollMs);
  }
}

/** Differs between two processes that had the same pid; empty where there is no /proc. */
export function birthOf(pid: number): string {
  const stat = readProc(`/proc/${pid}/stat`);
  if (!stat) return '';
  // Field 22, counted after the name, which may itself hold spaces and brackets.
  const startTime = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return `${readProc('/proc/sys/kernel/random/boot_id')?.trim()}:${startTime}`;
}

/** The running processes that a process started and that are still its own. */
export function childrenOf(pid: number): number[] {
  const threads = readProc(`/proc/${pid}/task`, (folder) => readdirSync(folder).join(' '))?.split(' ') ?? [];
  const lists = threads.map((thread) => readProc(`/proc/${pid}/task/${thread}/children`) ?? '');
  return lists.join(' ').split(' ').filter(Boolean).map(Number).filter(isAlive);
}

/** A process as it is written down: its pid alone may be another one's by now. */
export interface Running {
  pid: number;
  birth: string;
}

export function identify(pid: number): Running {
  return { pid, birth: birthOf(pid) };
}

export function isRunning(running: Running | undefined): running is Running {
  return running !== undefined && isAlive(running.pid) && birthOf(running.pid) === running.birth;
}

/** Starts a program that outlives this one, with its output in a file. */
export function spawnDetached(command: string, args: string[], options: { cwd: string; env?: NodeJS.ProcessEnv; logFile: string }): number {
  const log = openSync(options.logFile, 'a');
  const child = spawn(command, args, { cwd: options.cwd, env: options.env ?? process.env, detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.unref();
  // A command that cannot be executed reports it here and has no pid; the caller's wait then fails with a message.
  child.on('error', (error) => appendFileSync(options.logFile, `${error.message}\n`));
  if (child.pid === undefined) throw new ServiceError(`${command} did not start; is it installed?`);
  return child.pid;
}

/** Runs a tool's main function: a known fault is one line, anything else keeps its stack. */
export function runMain(main: () => Promise<void>): void {
  main().catch((error: unknown) => {
    const known = error instanceof Error && ['ServiceError', 'ConfigError'].includes(error.name);
    process.stderr.write(`${known ? error.message : ((error as Error).stack ?? String(error))}\n`);
    process.exitCode = 1;
  });
}
