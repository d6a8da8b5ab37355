import { type ChildProcess, spawn } from 'node:child_process';
import { connect } from 'node:net';
import { poll } from '../../process.ts';

export interface Program extends AsyncDisposable {
  pid: number;
}

interface Options {
  args: string[];
  /** It is ready as soon as it listens there. */
  port: number;
  /** Where its log goes. */
  stderr: 'ignore' | 'inherit';
}

const START_MS = 60_000;

function listens(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ port, host: '127.0.0.1' });
  socket.once('connect', () => resolve(true));
  socket.once('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

/** One that could not be started at all has no pid. */
const hasEnded = (child: ChildProcess) => child.pid === undefined || child.exitCode !== null || child.signalCode !== null;

async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  child.once('exit', () => resolve());
  child.kill('SIGKILL');
  await promise;
}

/** A server that is not ours. */
export async function startProgram(file: string, { args, port, stderr }: Options): Promise<Program> {
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', stderr] });
  const command = [file, ...args].join(' ');
  let failure: Error | undefined;
  child.once('error', (error) => (failure = error));
  const isReady = () => {
    if (failure || hasEnded(child)) throw new Error(`it ended while it started: ${command}`, { cause: failure });
    return listens(port);
  };
  try {
    await poll(isReady, START_MS, () => `nothing listens on port ${port}: ${command}`);
  } catch (error) {
    await end(child);
    throw error;
  }
  return { pid: child.pid!, [Symbol.asyncDispose]: () => end(child) };
}
