import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { freePort, isAlive, waitForExit } from './process.ts';
import { eventually } from './testing.ts';

interface Part {
  url: string;
  pid: number;
  restart: string;
}
interface Cluster {
  pods: (Part & { id: string; adminUrl: string })[];
  frontUrl: string;
  postgres: Part;
  redis: Part;
}

const localDir = mkdtempSync(join(tmpdir(), 'chat-up-'));
const env: NodeJS.ProcessEnv = { ...process.env, LOCAL_DIR: localDir, PODS: '2', LOG_LEVEL: 'warn' };

const runFile = promisify(execFile);
const tool = (name: string, extra: NodeJS.ProcessEnv = {}) =>
  runFile(process.execPath, [join(import.meta.dirname, name)], { env: { ...env, ...extra } });
const shell = (command: string) => runFile('sh', ['-c', command], { cwd: '/', env });

function cluster(): Cluster {
  return JSON.parse(readFileSync(join(localDir, 'cluster.json'), 'utf8')) as Cluster;
}

const pids = ({ pods, postgres, redis }: Cluster) => [...pods, postgres, redis].map(({ pid }) => pid);
const status = async (url: string) => (await fetch(url)).status;

before(async () => {
  for (const name of ['PORT', 'ADMIN_PORT']) env[name] = `${await freePort(2)}`;
  for (const name of ['FRONT_PORT', 'POSTGRES_PORT', 'REDIS_PORT']) env[name] = `${await freePort()}`;
  for (const name of ['DATABASE_URL', 'REDIS_URLS', 'FANOUT']) delete env[name];
});

after(async () => {
  await tool('down.ts');
  rmSync(localDir, { recursive: true, force: true });
});

describe('a local cluster of two pods', { concurrency: false }, () => {
  test('starts, says how to log in, and lets both demo users in through the balancer', async () => {
    const { stdout } = await tool('up.ts');
    assert.match(stdout, /ada@example\.com or grace@example\.com, password chatcluster/);
    assert.match(stdout, /Admin {3}http:\/\/localhost:\d+\/#\/admin-link\?token=[0-9a-f]{48} /);
    const { frontUrl, pods } = cluster();
    for (const { adminUrl } of pods) assert.equal(await status(`${adminUrl}/readyz`), 200);
    for (const email of ['ada@example.com', 'grace@example.com']) {
      const body = JSON.stringify({ email, password: 'chatcluster', tokens: 'body' });
      const answer = await fetch(`${frontUrl}/v1/auth/login`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      assert.equal(answer.status, 200);
    }
  });

  test('a second start changes nothing and says so', async () => {
    const earlier = pids(cluster());
    const { stdout } = await tool('up.ts');
    assert.match(stdout, /already running/);
    assert.deepEqual(pids(cluster()), earlier);
  });

  test('a port in use is refused with its number and the variable that moves it', async () => {
    const other = join(localDir, 'other');
    await assert.rejects(tool('up.ts', { LOCAL_DIR: other }), (error: { stderr: string }) => {
      assert.match(error.stderr, new RegExp(`^port ${env.PORT} \\(pod-0\\) is in use; .* PORT=`));
      assert.equal(error.stderr.trim().split('\n').length, 1);
      return true;
    });
  });

  test('a killed pod takes nothing down, and its restart command brings it back on the same ports', async () => {
    const { pods, postgres, redis, frontUrl } = cluster();
    const victim = pods[1] as Cluster['pods'][number];
    process.kill(victim.pid, 'SIGKILL');
    await waitForExit(victim.pid, 5_000);
    assert.ok([pods[0]?.pid, postgres.pid, redis.pid].every((pid) => isAlive(pid ?? 0)));
    await eventually(async () => (await status(`${frontUrl}/.well-known/jwks.json`)) === 200);
    await shell(victim.restart);
    const revived = cluster().pods[1];
    assert.equal(revived?.url, victim.url);
    assert.notEqual(revived?.pid, victim.pid);
    assert.equal(await status(`${victim.adminUrl}/readyz`), 200);
  });

  test('killed Postgres and Redis come back with restart commands that run at the same time', async () => {
    const { postgres, redis } = cluster();
    for (const { pid } of [postgres, redis]) process.kill(pid, 'SIGKILL');
    await Promise.all([shell(postgres.restart), shell(redis.restart)]);
    const now = cluster();
    assert.equal(now.postgres.url, postgres.url);
    assert.equal(now.redis.url, redis.url);
    assert.ok(pids(now).every(isAlive));
    await eventually(async () => (await status(`${now.pods[0]?.adminUrl}/readyz`)) === 200, { deadlineMs: 30_000 });
  });

  test('stops everything, frozen and crashed parts included, and then finds nothing more to stop', async () => {
    const { pods, postgres } = cluster();
    const all = pids(cluster());
    process.kill(pods[0]?.pid ?? 0, 'SIGSTOP');
    process.kill(postgres.pid, 'SIGKILL');
    await tool('down.ts');
    assert.ok(all.every((pid) => !isAlive(pid)));
    assert.equal(existsSync(join(localDir, 'cluster.json')), false);
    assert.match((await tool('down.ts')).stdout, /nothing was running/);
  });

  test('finds and stops everything when its record is lost', async () => {
    await tool('up.ts');
    const all = pids(cluster());
    rmSync(join(localDir, 'state.json'));
    await tool('down.ts');
    assert.ok(all.every((pid) => !isAlive(pid)));
  });
});
