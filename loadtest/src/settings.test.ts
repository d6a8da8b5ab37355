import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseSettings } from './settings.ts';
import { findTarget } from './target.ts';

const machine = { cores: 8, seed: 5 };

test('two thousand people write 6.6 messages a second, from one thread', () => {
  const settings = parseSettings({ USERS: '2000', DURATION: '60' }, machine);
  assert.equal(settings.messagesPerSecond, 6.6);
  assert.equal(settings.durationMs, 60_000);
  assert.equal(settings.workers, 1);
  assert.equal(settings.seed, 5);
  assert.equal(parseSettings({ USERS: '20000' }, machine).workers, 7);
});

test('a soak is a long load with faults in turn, each of which can still be chosen', () => {
  const soak = parseSettings({ SOAK: '30' }, machine);
  assert.deepEqual([soak.isSoak, soak.durationMs], [true, 1_800_000]);
  assert.match(soak.faults, /postgres-freeze/);
  assert.doesNotMatch(soak.faults, /pod-kill|rolling|flush/);
  assert.equal(parseSettings({ SOAK: '30', FAULTS: 'jitter', DURATION: '5' }, machine).faults, 'jitter');
  assert.equal(parseSettings({}, machine).isSoak, false);
  assert.throws(() => parseSettings({ SOAK: 'long' }, machine), /^LoadError: SOAK="long"/);
});

describe('a wrong variable is named', () => {
  const cases: [env: Record<string, string>, message: RegExp][] = [
    [{ USERS: 'many' }, /^USERS="many" must be a number/],
    [{ USERS: '1' }, /^USERS="1"/],
    [{ MODE: 'shut' }, /^MODE="shut" must be one of open, closed/],
    [{ DURATION: '0' }, /^DURATION="0"/],
    [{ DIRECTS: '0' }, /^DIRECTS="0"/],
  ];
  for (const [env, message] of cases) {
    test(JSON.stringify(env), () =>
      assert.throws(
        () => parseSettings(env, machine),
        (error: Error) => error.name === 'LoadError' && message.test(error.message),
      ),
    );
  }
});

describe('what the load goes to', () => {
  const part = { url: '', pid: 1, restart: 'true' };
  const pod = { ...part, id: 'pod-0', url: 'http://127.0.0.1:8080', adminUrl: 'http://127.0.0.1:9090' };
  const local = { pods: [pod], frontUrl: 'http://localhost:8000', postgres: part, redis: part };

  function withFiles(files: Record<string, unknown>, check: (dir: string) => void): void {
    const dir = mkdtempSync(join(tmpdir(), 'chat-load-'));
    try {
      for (const [name, content] of Object.entries(files)) writeFileSync(join(dir, name), JSON.stringify(content));
      check(dir);
    } finally {
      rmSync(dir, { recursive: true });
    }
  }

  test('is the local cluster through its balancer, or its pods', () =>
    withFiles({ 'cluster.json': local }, (dir) => {
      assert.deepEqual(findTarget({}, dir, 'front').urls, ['http://localhost:8000']);
      assert.deepEqual(findTarget({}, dir, 'pods').urls, ['http://127.0.0.1:8080']);
    }));

  test('is the Kubernetes cluster where nothing runs locally', () =>
    withFiles({ 'kubernetes.json': { kubeconfig: 'k', namespace: 'n', name: 'c', frontUrl: 'http://localhost:8088' } }, (dir) =>
      assert.equal(findTarget({}, dir, 'front').kubernetes?.name, 'c'),
    ));

  test('is what was given, before anything else', () =>
    withFiles({ 'cluster.json': local }, (dir) => {
      const target = findTarget({ URLS: 'https://a.example/, https://b.example' }, dir, 'front');
      assert.deepEqual(target.urls, ['https://a.example', 'https://b.example']);
      assert.equal(target.local, undefined);
    }));

  test('is said to be missing, with what to do', () =>
    withFiles({}, (dir) => assert.throws(() => findTarget({}, dir, 'front'), /RATE_LIMITS=off make up PODS=3/)));
});
