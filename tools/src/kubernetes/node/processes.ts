import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { identify, isRunning, type Running, spawnDetached, stopPid } from '../../process.ts';
import { inState } from './settings.ts';

const pidDir = () => inState('pids');
const pidFile = (name: string) => join(pidDir(), `${name}.json`);
export const logFile = (name: string) => inState('logs', `${name}.log`);

/** The pid of a program of the node that runs now. */
export function runningPid(name: string): number | undefined {
  if (!existsSync(pidFile(name))) return undefined;
  const running = JSON.parse(readFileSync(pidFile(name), 'utf8')) as Running;
  return isRunning(running) ? running.pid : undefined;
}

/** Starts a program that outlives this one, unless it runs already. */
export function launch(name: string, file: string, args: string[], env?: NodeJS.ProcessEnv): { pid: number; logFile: string } {
  mkdirSync(pidDir(), { recursive: true });
  mkdirSync(inState('logs'), { recursive: true });
  const found = runningPid(name);
  if (found !== undefined) return { pid: found, logFile: logFile(name) };
  const PATH = `${process.env.PATH}:/usr/sbin:/sbin`;
  const pid = spawnDetached(file, args, { cwd: inState(), env: { ...process.env, PATH, ...env }, logFile: logFile(name) });
  writeFileSync(pidFile(name), JSON.stringify(identify(pid)));
  return { pid, logFile: logFile(name) };
}

export async function stop(name: string, signal: NodeJS.Signals, deadlineMs?: number): Promise<void> {
  const pid = runningPid(name);
  if (pid !== undefined) await stopPid(pid, signal, deadlineMs);
  rmSync(pidFile(name), { force: true });
}

export function startedNames(): string[] {
  return globSync('*.json', { cwd: pidDir() }).map((file) => basename(file, '.json'));
}
