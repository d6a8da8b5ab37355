import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { eventually, redisUrl } from '@chatcluster/tools/testing';
import { createLocalFaults } from './local.ts';
import type { FaultKind } from './plan.ts';
import { askRedis } from './redis.ts';

const going = new AbortController().signal;
const fault = (kind: FaultKind, lastsMs: number) => ({ kind, lastsMs, pick: 0, atMs: 0 });
const stateOf = (pid: number) => /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];

describe('faults of local processes', () => {
  const dir = mkdtempSync(join(tmpdir(), 'chat-faults-'));
  const file = join(dir, 'cluster.json');
  const children: ChildProcess[] = [];
  let parent = 0;

  before(async () => {
    // Like Postgres: a process with a child of its own.
    const script = `const child = require('node:child_process').spawn('sleep', ['600']); process.stdout.write(child.pid + '\\n'); process.on('SIGTERM', () => child.kill()); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
    children.push(child);
    await once(child.stdout!, 'data');
    parent = child.pid!;
    const part = (name: string) => ({ id: name, url: '', adminUrl: '', pid: parent, restart: `touch ${join(dir, name)}` });
    writeFileSync(file, JSON.stringify({ pods: [part('pod-0'), part('pod-1')], frontUrl: '', postgres: part('postgres'), redis: null }));
  });

  after(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(dir, { recursive: true });
  });

  test('only what was started here can be broken', () => {
    assert.deepEqual(createLocalFaults(file).available, ['pod-kill', 'pod-freeze', 'rolling-restart', 'postgres-kill', 'postgres-freeze']);
  });

  test('a freeze stops Postgres with its children, and lets go when the run is stopped', async () => {
    const { inject } = createLocalFaults(file);
    const stop = new AbortController();
    const children = readFileSync(`/proc/${parent}/task/${parent}/children`, 'utf8').trim().split(' ').map(Number);
    const frozen = inject(fault('postgres-freeze', 60_000), stop.signal);
    await eventually(() => [parent, ...children].every((pid) => stateOf(pid) === 'T'));
    stop.abort();
    assert.equal(await frozen, 'Postgres');
    await eventually(() => [parent, ...children].every((pid) => stateOf(pid) === 'S'));
    for (const pid of children) process.kill(pid);
  });

  test('a rolling restart asks every pod in turn', async () => {
    assert.equal(await createLocalFaults(file).inject(fault('rolling-restart', 0), going), '2 pods');
    assert.ok(existsSync(join(dir, 'pod-0')) && existsSync(join(dir, 'pod-1')));
  });

  test('a killed part is started again', async () => {
    rmSync(join(dir, 'pod-0'));
    assert.equal(await createLocalFaults(file).inject(fault('pod-kill', 1), going), 'pod-0');
    assert.ok(existsSync(join(dir, 'pod-0')));
    await eventually(() => children[0]!.signalCode === 'SIGKILL');
  });
});

test('Redis is spoken to in its own words', async () => {
  assert.equal(await askRedis(redisUrl(), ['PING']), 'PONG');
  assert.match(await askRedis(redisUrl(), ['INFO', 'memory']), /^used_memory:\d+\r$/m);
  await assert.rejects(askRedis(redisUrl(), ['NONSENSE']), /Redis refused NONSENSE/);
});
