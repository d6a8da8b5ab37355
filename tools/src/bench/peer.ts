import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Handlers = Record<string, (argument: never) => unknown>;
interface Request {
  id: number;
  name: string;
  argument: unknown;
}
interface Answer {
  id: number;
  value?: unknown;
  error?: string;
}

/** A process of a benchmark that answers calls by name. */
export interface Peer extends AsyncDisposable {
  pid: number;
  call<T>(name: string, argument?: unknown): Promise<T>;
}

/** Flags for a process whose profile is wanted; see flame.ts. It is written at an orderly end only. */
export function profiling(): string[] {
  const dir = process.env.BENCH_CPU_PROF_DIR;
  return dir ? ['--cpu-prof', `--cpu-prof-dir=${dir}`] : [];
}

/** Starts a file of this folder. `execArgv` reaches Node itself. */
export function startPeer(file: string, args: string[] = [], execArgv: string[] = []): Peer {
  const child = fork(join(import.meta.dirname, file), args, { execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let next = 0;
  child.on('message', (message) => {
    const { id, value, error } = message as Answer;
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(value);
    else call?.reject(new Error(`${file}: ${error}`));
  });
  child.once('exit', () => waiting.forEach(({ reject }) => reject(new Error(`${file} ended`))));
  return {
    pid: child.pid!,
    call<T>(name: string, argument?: unknown) {
      const id = (next += 1);
      return new Promise<T>((resolve, reject) => {
        waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
        child.send({ id, name, argument } satisfies Request);
      });
    },
    [Symbol.asyncDispose]: () => end(child, execArgv.includes('--cpu-prof')),
  };
}

async function end(child: ChildProcess, isProfiled: boolean): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once('exit', () => resolve());
  if (isProfiled) child.disconnect();
  else child.kill('SIGKILL');
  await promise;
}

/** The other side: answers the calls of the process that started this one, and ends with it. */
export function servePeer(handlers: Handlers): void {
  process.on('disconnect', () => process.exit(0));
  process.on('message', (message) => {
    const { id, name, argument } = message as Request;
    const answer = (reply: Omit<Answer, 'id'>) => void process.send?.({ id, ...reply });
    Promise.resolve()
      .then(() => handlers[name]!(argument as never))
      .then(
        (value) => answer({ value }),
        (error: unknown) => answer({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
      );
  });
}

/** Processor time of a process in milliseconds; the kernel counts in hundredths of a second. */
export function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export function rssBytesOf(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1_024;
}
