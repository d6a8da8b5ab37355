import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { modules } from './tool-table.ts';

const run = promisify(execFile);
const hasGo = spawnSync('go', ['version']).status === 0;
const program = join(import.meta.dirname, 'tools.ts');
const dir = mkdtempSync(join(tmpdir(), 'chat-tools-'));
after(() => rmSync(dir, { recursive: true, force: true }));

/** A program that says it has this version. */
function fake(folder: string, name: string, version: string): string {
  mkdirSync(join(dir, folder), { recursive: true });
  const file = join(dir, folder, name);
  writeFileSync(file, `#!/bin/sh\necho '${version}'\n`);
  chmodSync(file, 0o755);
  return file;
}

async function ensure(name: string, env: NodeJS.ProcessEnv): Promise<string> {
  const { stdout } = await run(process.execPath, [program, name], {
    env: { HOME: dir, PATH: '/usr/bin:/bin', CHATCLUSTER_TOOLS: join(dir, 'cache'), ...env },
  });
  return stdout.trim();
}

describe('a tool comes from', () => {
  test('KUBEBUILDER_ASSETS before anything else', async () => {
    const file = fake('assets', 'etcd', 'anything');
    assert.equal(await ensure('etcd', { KUBEBUILDER_ASSETS: join(dir, 'assets') }), file);
  });

  test('PATH when its version fits', async () => {
    const file = fake('good', 'kube-apiserver', 'Kubernetes v1.37.9');
    assert.equal(await ensure('kube-apiserver', { PATH: `${join(dir, 'good')}:/usr/bin:/bin` }), file);
  });

  test('source otherwise, and without Go it says what to do', async () => {
    fake('old', 'kube-apiserver', 'Kubernetes v1.28.0');
    const failed = ensure('kube-apiserver', { PATH: `${join(dir, 'old')}:/usr/bin:/bin` });
    await assert.rejects(failed, /kube-apiserver|kubeall/);
    await assert.rejects(failed, /install Go 1\.26 or newer/);
  });
});

test('two builds at once give one whole program and leave nothing else', { skip: hasGo ? false : 'needs Go' }, async () => {
  const cache = join(dir, 'parallel');
  const env = { ...process.env, CHATCLUSTER_TOOLS: cache };
  const both = await Promise.all([0, 1].map(() => run(process.execPath, [program, 'pause'], { env })));
  const [first, second] = both.map(({ stdout }) => stdout.trim());
  assert.equal(first, second);
  assert.equal(both.filter(({ stderr }) => /pause: built/.test(stderr)).length, 1);
  const module = readdirSync(cache);
  assert.deepEqual(readdirSync(join(cache, module[0] ?? '')), ['pause']);
});

test('without a network it says so', { skip: hasGo ? false : 'needs Go' }, async () => {
  // No module is there yet, and nothing listens on port 1.
  const env = {
    ...process.env,
    CHATCLUSTER_TOOLS: join(dir, 'offline'),
    GOMODCACHE: join(dir, 'modules'),
    GOPROXY: 'http://127.0.0.1:1',
    GOFLAGS: '-modcacherw',
  };
  await assert.rejects(
    run(process.execPath, [program, 'kubeconform'], { env }),
    /Go module proxy does not answer.*check the network and GOPROXY/,
  );
});

test('the lock of a killed builder is taken over', async () => {
  const file = join(dir, 'lock');
  const script = `import { withFileLock } from ${JSON.stringify(join(import.meta.dirname, 'file-lock.ts'))};
    await withFileLock(${JSON.stringify(file)}, {}, async () => { console.log('held'); await new Promise((done) => setTimeout(done, 1e8)); });`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const _ of holder.stdout) break;
  assert.equal(JSON.parse(readFileSync(file, 'utf8')).pid, holder.pid);
  holder.kill('SIGKILL');
  const { withFileLock } = await import('./file-lock.ts');
  assert.equal(await withFileLock(file, {}, async () => 'mine'), 'mine');
  assert.equal(existsSync(file), false);
});

test('every module has its sums committed', () => {
  for (const { folder } of Object.values(modules)) {
    const base = join(import.meta.dirname, '..', '..', 'kubernetes', folder);
    assert.match(readFileSync(join(base, 'go.mod'), 'utf8'), /^module chatcluster\.dev\/tools/);
    if (folder !== 'images') assert.ok(existsSync(join(base, 'go.sum')), folder);
  }
});
