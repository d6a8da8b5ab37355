import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@chatcluster/tools/testing';
import { lastingPort } from './_ports.ts';

const root = join(import.meta.dirname, '../..');
const readyDeadlineMs = 90_000;

export interface Pod {
  readonly id: string;
  readonly url: string;
  readonly adminUrl: string;
  isRunning(): boolean;
  signal(name: NodeJS.Signals): void;
  /** Resolves when the process has ended. */
  ended(): Promise<void>;
  start(): Promise<void>;
  ready(): Promise<void>;
}

async function isReady(adminUrl: string): Promise<boolean> {
  const response = await fetch(`${adminUrl}/readyz`, { signal: AbortSignal.timeout(2_000) });
  await response.body?.cancel();
  return response.ok;
}

/** One server process; its ports stay the same over restarts. */
export async function createPod(id: string, dir: string, env: Record<string, string>): Promise<Pod> {
  const [port, adminPort] = [await lastingPort(), await lastingPort()];
  const adminUrl = `http://127.0.0.1:${adminPort}`;
  let child: ChildProcess | undefined;
  const isRunning = () => child !== undefined && child.exitCode === null && child.signalCode === null;
  const pod: Pod = {
    id,
    url: `http://127.0.0.1:${port}`,
    adminUrl,
    isRunning,
    signal: (name) => void child?.kill(name),
    async ended() {
      if (child && isRunning()) await once(child, 'exit');
    },
    async start() {
      const log = openSync(join(dir, `${id}.log`), 'a');
      const settings = { POD_ID: id, HOST: '127.0.0.1', PORT: `${port}`, ADMIN_PORT: `${adminPort}` };
      child = spawn(process.execPath, ['server/src/main.ts'], {
        cwd: root,
        env: { PATH: process.env.PATH, LOG_LEVEL: 'info', ...settings, ...env },
        stdio: ['ignore', log, log],
      });
      closeSync(log);
      await pod.ready();
    },
    async ready() {
      await eventually(async () => !isRunning() || (await isReady(adminUrl)), { deadlineMs: readyDeadlineMs, message: `${id} is ready` });
      if (!isRunning()) throw new Error(`${id} ended while starting; see its log in ${dir}`);
    },
  };
  return pod;
}
