import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { freePort, poll } from '../process.ts';
import { serverMalloc, serverNodeFlags } from '../server-flags.ts';
import { profiling } from './peer.ts';

const root = join(import.meta.dirname, '..', '..', '..');

export interface Pod extends AsyncDisposable {
  pid: number;
  port: number;
}

/** A server as it is shipped, on loopback, with rates (never sizes) off. */
export async function startPod(env: Record<string, string>, flags: string[] = []): Promise<Pod> {
  const execArgv = [serverNodeFlags, ...flags, ...profiling()];
  const [port, adminPort] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, [...execArgv, join(root, 'server/src/main.ts')], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: {
      ...process.env,
      ...serverMalloc,
      HOST: '127.0.0.1',
      PORT: `${port}`,
      ADMIN_PORT: `${adminPort}`,
      RATE_LIMITS: 'off',
      // The raw clients of the benchmarks do not follow hints.
      REBALANCE: 'off',
      LOG_LEVEL: process.env.LOG_LEVEL ?? 'warn',
      ACCESS_TOKEN_SECONDS: '3600',
      ...env,
    },
  });
  const end = () =>
    new Promise<void>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once('exit', () => resolve());
      // A profile is written at an orderly end only.
      child.kill(profiling().length > 0 ? 'SIGTERM' : 'SIGKILL');
    });
  const isReady = () =>
    fetch(`http://127.0.0.1:${adminPort}/readyz`).then(
      (answer) => answer.ok,
      () => false,
    );
  try {
    await poll(isReady, 60_000, () => `pod ${env.POD_ID} did not become ready`);
  } catch (error) {
    await end();
    throw error;
  }
  return { pid: child.pid!, port, [Symbol.asyncDispose]: end };
}
