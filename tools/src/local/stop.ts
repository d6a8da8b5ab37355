import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { commandLine, initialEnvironment, isRunning, stopPid, workingFolder } from '../process.ts';
import { localDir, marker } from './settings.ts';
import type { State } from './state.ts';

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

/** Without a state file (removed, or never written) parts may still run; they carry the marker in their environment. */
function findStrays(): number[] {
  if (!existsSync('/proc/self')) return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && (initialEnvironment(pid).includes(`${marker}=${localDir}`) || isOurRedis(pid)));
}

/** Redis writes its title over its environment; its folder still tells whose it is. */
function isOurRedis(pid: number): boolean {
  return (commandLine(pid) ?? '').startsWith('redis-server') && workingFolder(pid) === join(localDir, 'redis');
}

async function stopStrays(): Promise<string[]> {
  const strays = findStrays();
  const names = strays.map((pid) => `${commandLine(pid)?.split(' ')[0]?.split('/').at(-1)} (pid ${pid})`);
  await Promise.all(strays.map((pid) => stopPid(pid, 'SIGTERM', podDeadlineMs)));
  return names;
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
  return [...stopped, ...(await stopStrays())];
}
