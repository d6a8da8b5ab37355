import { exec } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type LocalCluster, type LocalPart, readCluster } from '../target.ts';
import { LoadError } from '../rest.ts';
import type { FaultKind, PlannedFault } from './plan.ts';
import { askRedis } from './redis.ts';

const run = promisify(exec);
const RESTART_MS = 90_000;

/** Breaks something and mends it again; gives what was hit. */
export type Inject = (fault: PlannedFault, signal: AbortSignal) => Promise<string>;

/** Faults for what `make up` runs. Its file is read anew each time: pids change. */
export function createLocalFaults(file: string): { available: FaultKind[]; inject: Inject } {
  const cluster = (): LocalCluster => {
    const found = readCluster(file);
    if (!found) throw new LoadError(`${file} is gone: is the cluster down?`);
    return found;
  };
  const ours = (part: LocalPart | null) => part !== null && part.pid !== null && part.restart !== null;
  const { redis, postgres, pods } = cluster();
  const available: FaultKind[] = [
    ...(pods.length > 1 ? (['pod-kill', 'pod-freeze', 'rolling-restart'] as const) : []),
    ...(ours(redis) ? (['redis-kill', 'redis-flush', 'redis-freeze'] as const) : []),
    ...(ours(postgres) ? (['postgres-kill', 'postgres-freeze'] as const) : []),
  ];
  return { available, inject: (fault, signal) => injectLocal(cluster(), fault, signal) };
}

async function injectLocal(
  { pods, redis, postgres }: LocalCluster,
  { kind, lastsMs, pick }: PlannedFault,
  signal: AbortSignal,
): Promise<string> {
  const pod = pods[pick % pods.length]!;
  switch (kind) {
    case 'pod-kill':
      return await kill(pod, lastsMs, pod.id);
    case 'pod-freeze':
      return await freeze(pod, lastsMs, signal, pod.id);
    case 'rolling-restart':
      for (const each of pods) if (!signal.aborted) await restart(each);
      return `${pods.length} pods`;
    case 'redis-kill':
      return await kill(redis!, lastsMs, 'Redis');
    case 'redis-flush':
      await askRedis(redis!.url, ['FLUSHALL']);
      return 'Redis';
    case 'redis-freeze':
      return await freeze(redis!, lastsMs, signal, 'Redis');
    case 'postgres-kill':
      return await kill(postgres, lastsMs, 'Postgres');
    case 'postgres-freeze':
      return await freeze(postgres, lastsMs, signal, 'Postgres');
    default:
      throw new LoadError(`${kind} is not a fault of a local process`);
  }
}

async function kill(part: LocalPart, downMs: number, name: string): Promise<string> {
  if (part.pid !== null) signalIfAlive(part.pid, 'SIGKILL');
  await pause(downMs);
  await restart(part);
  return name;
}

async function restart({ restart: command }: LocalPart): Promise<void> {
  if (command) await run(command, { timeout: RESTART_MS });
}

/** Postgres works in child processes: all of them stop, else the frozen server goes on answering. */
async function freeze(part: LocalPart, lastsMs: number, signal: AbortSignal, name: string): Promise<string> {
  if (part.pid === null) return name;
  const pids = [part.pid, ...childrenOf(part.pid)];
  for (const pid of pids) signalIfAlive(pid, 'SIGSTOP');
  try {
    await pause(lastsMs, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    for (const pid of pids.toReversed()) signalIfAlive(pid, 'SIGCONT');
  }
  return name;
}

function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return 0;
    throw error;
  }
}

function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number);
}
