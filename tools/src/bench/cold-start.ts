import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { bundleServer } from '../kubernetes/images/definitions.ts';
import { freePort } from '../process.ts';
import { type BenchOptions, median, type Result } from './report.ts';
import { startServices } from './world.ts';

/** Looked at often: a poll interval would be part of the figure. */
const LOOK_MS = 5;

async function isReady(adminPort: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${adminPort}/readyz`).then(
    (answer) => answer.ok,
    () => false,
  );
}

/** From the start of the process until it is ready, in ms. */
async function readyMs(program: string, env: Record<string, string>): Promise<number> {
  const adminPort = await freePort();
  const startedAt = performance.now();
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, HOST: '127.0.0.1', PORT: `${await freePort()}`, ADMIN_PORT: `${adminPort}`, LOG_LEVEL: 'warn', ...env },
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  try {
    while (!(await isReady(adminPort))) {
      if (child.exitCode !== null || performance.now() - startedAt > 30_000) throw new Error('the pod did not become ready');
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return performance.now() - startedAt;
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

/** Everything is loaded before the environment is read, so a wrong one ends it right after the imports. */
function importMs(program: string): number {
  const time = (args: string[]) => {
    const startedAt = performance.now();
    spawnSync(process.execPath, args, { stdio: 'ignore', env: { PATH: process.env.PATH, ROLE: 'nothing', DATABASE_URL: 'nothing' } });
    return performance.now() - startedAt;
  };
  const bare = time(['--eval', '0']);
  return time([program]) - bare;
}

/** The bundle of the image, on a database that is migrated. */
export async function benchColdStart({ isQuick, say }: BenchOptions): Promise<Result> {
  const repeats = isQuick ? 2 : 7;
  const dir = mkdtempSync(join(tmpdir(), 'chat-cold-start-'));
  try {
    const { dir: bundleDir } = await bundleServer(dir);
    const program = join(bundleDir, 'main.js');
    await using services = await startServices();
    const url = await services.createDatabase('cold', true);
    const runs = { ready: [] as number[], imports: [] as number[] };
    for (let i = 0; i < repeats; i += 1) {
      runs.imports.push(importMs(program));
      runs.ready.push(await readyMs(program, { POD_ID: `cold-${i}`, DATABASE_URL: url, REDIS_URLS: services.redisUrl }));
      say(`cold start: imports ${runs.imports.at(-1)!.toFixed(0)} ms, ready ${runs.ready.at(-1)!.toFixed(0)} ms`);
    }
    return {
      title: 'Cold start of a pod',
      setting: `the bundle of the image, Postgres migrated, Redis; ${repeats} starts`,
      rows: [
        { what: 'process start to ready', value: median(runs.ready), unit: 'ms', target: { atMost: 1_500 } },
        { what: 'imports of the bundle (less a Node that does nothing)', value: median(runs.imports), unit: 'ms', target: { atMost: 400 } },
      ],
      runs: { 'ready, ms': runs.ready, 'imports, ms': runs.imports },
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
