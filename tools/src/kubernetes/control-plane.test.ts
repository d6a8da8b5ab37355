import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { commandLine, poll } from '../process.ts';
import { startControlPlane } from './control-plane.ts';
import { ensureTool } from './tools.ts';

const run = promisify(execFile);

async function kubectl(kubeconfig: string, ...args: string[]): Promise<string> {
  return (await run(await ensureTool('kubectl'), [...args, '--kubeconfig', kubeconfig])).stdout;
}

/** Pids of everything that was started with this folder on its command line. */
async function processesOf(dir: string): Promise<string[]> {
  const { stdout } = await run('ps', ['-eo', 'pid=,args=', 'ww']);
  return stdout.split('\n').filter((line) => line.includes(`=${dir}/`));
}

test('stores objects, refuses what Pod Security forbids, logs requests, and leaves nothing', async () => {
  const plane = await startControlPlane();
  try {
    await kubectl(plane.kubeconfig, 'create', 'namespace', 'strict');
    await kubectl(plane.kubeconfig, 'label', 'namespace', 'strict', 'pod-security.kubernetes.io/enforce=restricted');
    await assert.rejects(kubectl(plane.kubeconfig, '-n', 'strict', 'run', 'x', '--image=x'), /violates PodSecurity "restricted/);
    assert.match(await kubectl(plane.kubeconfig, 'version'), /Server Version: v1\.\d+\.\d+/);
    assert.match(readFileSync(join(plane.dir, 'audit.log'), 'utf8'), /"verb":"create".*"code":403/);
  } finally {
    await plane.stop();
  }
  assert.equal(existsSync(plane.dir), false);
  assert.deepEqual(await processesOf(plane.dir), []);
});

test('with controllers a Deployment gets its pods and an owner takes its children along', async () => {
  await using plane = await startControlPlane({ controllerManager: true });
  await kubectl(plane.kubeconfig, 'create', 'deployment', 'web', '--image=none', '--replicas=3');
  const pods = async () => (await kubectl(plane.kubeconfig, 'get', 'pods', '-o', 'name')).trim().split('\n').filter(Boolean);
  await poll(
    async () => (await pods()).length === 3,
    20_000,
    () => 'the Deployment got no pods',
  );
  await kubectl(plane.kubeconfig, 'delete', 'deployment', 'web', '--wait=false');
  await poll(
    async () => (await pods()).length === 0,
    20_000,
    () => 'the pods outlived their Deployment',
  );
});

test('a killed owner takes the servers along', { skip: process.platform === 'linux' ? false : 'needs Linux (pdeathsig)' }, async () => {
  const owner = spawn(process.execPath, [join(import.meta.dirname, 'control-plane.ts'), '--api-only'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let dir = '';
  for await (const line of createInterface({ input: owner.stdout })) {
    const found = /^export KUBECONFIG=(.*)\/admin\.kubeconfig$/.exec(line);
    if (found?.[1]) dir = found[1];
    if (dir) break;
  }
  assert.equal((await processesOf(dir)).length, 2);
  assert.match(commandLine(owner.pid ?? 0) ?? '', /control-plane/);
  owner.kill('SIGKILL');
  await poll(
    async () => (await processesOf(dir)).length === 0,
    10_000,
    () => 'servers are left',
  );
  rmSync(dir, { recursive: true, force: true });
});
