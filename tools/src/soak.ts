import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, runMain, ServiceError } from './process.ts';

const root = join(import.meta.dirname, '../..');
const pods = 3;

/**
 * A day's worth of ages and tokens in an hour, as far as they can be shortened: a token of less than 90 s is refreshed all the time.
 * What a pod keeps for an outage is as much smaller as a socket's age is, so that it is full, as on most of a day, while growth is judged.
 */
const shortened = { MAX_AGE_SECONDS: '150', ACCESS_TOKEN_SECONDS: '90', OUTAGE_CACHE_KIB: `${Math.round(4_096 / 24)}` };

async function run(file: string, env: NodeJS.ProcessEnv): Promise<number> {
  const child = spawn(process.execPath, [join(root, file)], { cwd: root, env, stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code ?? 1;
}

/** A cluster of its own on free ports, a load with faults for SOAK minutes, and the judgement of what grew; nothing of it stays but the report. */
runMain(async () => {
  const localDir = join(root, '.local/soak');
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...shortened,
    SOAK: process.env.SOAK || '60',
    RATE_LIMITS: 'off',
    LOCAL_DIR: localDir,
    PODS: `${pods}`,
  };
  for (const name of ['DATABASE_URL', 'REDIS_URLS', 'URL', 'URLS']) delete env[name];
  for (const name of ['PORT', 'ADMIN_PORT']) env[name] = `${await freePort(pods)}`;
  for (const name of ['FRONT_PORT', 'POSTGRES_PORT', 'REDIS_PORT']) env[name] = `${await freePort()}`;
  // Ctrl-C reaches the load, too, which ends early and reports; the cluster is taken down after it.
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, () => undefined);
  try {
    if ((await run('tools/src/up.ts', env)) !== 0) throw new ServiceError('the cluster did not start');
    const code = await run('loadtest/src/main.ts', { ...env, OUT: process.env.OUT || join(root, '.local/load') });
    if (code !== 0) throw new ServiceError('something grew, or was lost, doubled or misordered');
  } finally {
    await run('tools/src/down.ts', env);
    rmSync(localDir, { recursive: true, force: true });
  }
});
