import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

// Before the modules that read it: this node must not be the one of `make cluster`.
const dir = mkdtempSync(join(tmpdir(), 'chat-node-'));
process.env.LOCAL_DIR = dir;
after(() => rmSync(dir, { recursive: true, force: true }));
const { otherCluster, takeMachine } = await import('./machine-owner.ts');
const { nodeObstacle, installPackages } = await import('./preflight.ts');
const { startNode } = await import('./start.ts');
const { controlGroups } = await import('./links.ts');
const { remains, stopNode } = await import('./stop.ts');
const { isAlive, poll } = await import('../../process.ts');
const { buildNamedImage } = await import('../images.ts');
const { kubectl } = await import('./commands.ts');

const reason = nodeObstacle() ?? otherCluster() ?? false;
const links = () => readdirSync('/sys/class/net').sort();
const settings = () =>
  execFileSync('sh', ['-c', 'cat /proc/sys/net/ipv4/ip_forward /proc/sys/vm/overcommit_memory /proc/sys/kernel/panic'], {
    encoding: 'utf8',
  });
const nothing = { processes: [], shims: [], mounts: [], 'network namespaces': [], 'firewall chains': [], 'control groups': [] };

const pod = JSON.stringify({ spec: { automountServiceAccountToken: false } });

test('a node runs a pod, starts again as it was, and leaves nothing when it goes', { skip: reason, timeout: 280_000 }, async () => {
  installPackages(() => undefined);
  const before = { links: links(), settings: settings() };
  const image = await buildNamedImage('pause', join(dir, 'images'));
  try {
    const say: string[] = [];
    await startNode({ images: [image.file], say: (text) => say.push(text) });
    assert.deepEqual(say, ['control plane answers', 'node is Ready']);
    await kubectl('run', 'one', `--image=${image.name}`, '--image-pull-policy=Never', `--overrides=${pod}`);
    await kubectl('wait', '--for=condition=Ready', 'pod/one', '--timeout=60s');
    assert.ok(remains()['network namespaces']?.length === 1 && remains().shims?.length === 1);

    await startNode({ images: [], say: () => undefined });
    assert.match(await kubectl('get', 'pod', 'one', '-o', 'jsonpath={.status.containerStatuses[0].restartCount}'), /^0$/);
  } finally {
    await stopNode();
  }
  assert.deepEqual(remains(), nothing);
  assert.equal(existsSync(join(dir, 'kubernetes')), false);
  assert.deepEqual(links(), before.links);
  assert.equal(settings(), before.settings);
});

test('a node that died is removed as cleanly, by whoever starts the next', { skip: reason, timeout: 280_000 }, async () => {
  const local = mkdtempSync(join(tmpdir(), 'chat-node-'));
  const script = `import { startNode } from ${JSON.stringify(join(import.meta.dirname, 'start.ts'))};
    await startNode({ images: [], say: () => undefined });`;
  const env = { ...process.env, LOCAL_DIR: local };
  const evaluate = (text: string) => spawnSync(process.execPath, ['--input-type=module', '-e', text], { env, encoding: 'utf8' });
  try {
    const started = evaluate(script);
    assert.equal(started.status, 0, started.stderr);
    assert.throws(() => takeMachine(() => undefined), { name: 'ServiceError', message: new RegExp(`${local}.* runs on this machine`) });
    const pids = execFileSync('sh', ['-c', `cat ${local}/kubernetes/pids/*.json`], { encoding: 'utf8' }).matchAll(/"pid":(\d+)/g);
    for (const [, pid] of pids) process.kill(Number(pid), 'SIGKILL');
    await poll(
      () => otherCluster() === undefined,
      5_000,
      () => 'a killed node still counts as running',
    );
    // What runs in a pod outlives the program that held it.
    const inPod = spawn('sleep', ['600'], { stdio: 'ignore' });
    writeFileSync(join(controlGroups()[0]!, 'cgroup.procs'), String(inPod.pid));
    // Another checkout than the one that it was started from.
    const said: string[] = [];
    takeMachine((text) => said.push(text));
    assert.deepEqual(said, [`removing what a killed node left (${local}/kubernetes)`]);
    assert.equal(existsSync(join(local, 'kubernetes')), false);
    assert.equal(isAlive(inPod.pid!), false);
    await stopNode();
  } finally {
    const stopped = evaluate(`import { remains, stopNode } from ${JSON.stringify(join(import.meta.dirname, 'stop.ts'))};
      await stopNode(); console.log(JSON.stringify(remains()));`);
    assert.deepEqual(JSON.parse(stopped.stdout), nothing);
    rmSync(local, { recursive: true, force: true });
  }
});
