import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine, isAlive, stopPid } from '../process.ts';
import { localDir } from './settings.ts';
import { isRunning, type State } from './state.ts';

/** Pods drain first (10 s by default); after this they are killed. */
const podDeadlineMs = 15_000;

export async function stopNamed(state: State, name: string): Promise<boolean> {
  const running = state.processes[name];
  if (!isRunning(running)) return false;
  // Frozen processes (fault injection) cannot answer a signal until they continue.
  process.kill(running.pid, 'SIGCONT');
  await stopPid(running.pid, name === 'postgres' ? 'SIGINT' : 'SIGTERM', podDeadlineMs);
  return true;
}

/** Without a state file a Postgres of ours may still run: its own pid file names it. */
async function stopStrayPostgres(): Promise<boolean> {
  const dataDir = join(localDir, 'postgres');
  const file = join(dataDir, 'postmaster.pid');
  if (!existsSync(file)) return false;
  const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
  if (!isAlive(pid) || !commandLine(pid)?.includes(dataDir)) return false;
  await stopPid(pid, 'SIGINT', podDeadlineMs);
  return true;
}

/** Front first, then pods, then what they depend on. Returns the names of what was running. */
export async function stopAll(state: State | undefined): Promise<string[]> {
  const names = Object.keys(state?.processes ?? {});
  const backends = ['redis', 'postgres'];
  const waves = [['haproxy'], names.filter((name) => name.startsWith('pod-')), backends];
  const stopped: string[] = [];
  for (const wave of state ? waves : []) {
    const results = await Promise.all(wave.map(async (name) => ((await stopNamed(state as State, name)) ? name : undefined)));
    stopped.push(...results.filter((name) => name !== undefined));
  }
  if (await stopStrayPostgres()) stopped.push('postgres');
  return stopped;
}
