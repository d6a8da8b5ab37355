import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { parseSteps } from './horizontal.ts';
import { findTarget } from './target.ts';

function localDir(files: Record<string, unknown>): { dir: string } & Disposable {
  const dir = mkdtempSync(join(tmpdir(), 'chat-k6-target-'));
  for (const [name, value] of Object.entries(files)) writeFileSync(join(dir, name), JSON.stringify(value));
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true }) };
}
const cluster = {
  frontUrl: 'http://localhost:8000',
  pods: [{ id: 'pod-0', url: 'http://127.0.0.1:8080', adminUrl: 'http://127.0.0.1:9090' }],
};
const kubernetes = { frontUrl: 'http://127.0.0.1:30080', kubeconfig: '.local/kubeconfig', namespace: 'chat', name: 'demo' };

it('takes the given addresses first, each with its admin address', () => {
  using local = localDir({ 'cluster.json': cluster });
  const target = findTarget({ URL: 'http://a,http://b', ADMIN_URL: 'http://a:9090' }, local.dir);
  assert.deepEqual(target.pods, [
    { url: 'http://a', adminUrl: 'http://a:9090' },
    { url: 'http://b', adminUrl: undefined },
  ]);
});

it('finds what runs on this machine before what runs in Kubernetes', () => {
  using both = localDir({ 'cluster.json': cluster, 'kubernetes.json': kubernetes });
  assert.deepEqual([findTarget({}, both.dir).from, findTarget({}, both.dir).urls], ['make up', ['http://localhost:8000']]);
  assert.equal(findTarget({ JOB: '1' }, both.dir).from, 'make cluster');
  using one = localDir({ 'kubernetes.json': kubernetes });
  const { frontUrl, ...rest } = kubernetes;
  assert.deepEqual(findTarget({}, one.dir), { from: 'make cluster', urls: [frontUrl], pods: [], kubernetes: rest });
});

it('knows of a cluster that has no way in', () => {
  using local = localDir({ 'kubernetes.json': { ...kubernetes, frontUrl: '' } });
  assert.deepEqual(findTarget({}, local.dir).urls, []);
});

it('says what to start when there is nothing', () => {
  using none = localDir({});
  assert.throws(() => findTarget({}, none.dir), { name: 'TargetError', message: /make up PODS=3.*make cluster.*URL=/ });
});

it('takes steps in ascending order only', () => {
  assert.deepEqual(parseSteps('1,2,4', 9), [1, 2, 4]);
  assert.deepEqual(parseSteps(undefined, 3), [1, 2, 3]);
  for (const wrong of ['2,1', '0,1', '1,1', 'a', '1,,2']) assert.throws(() => parseSteps(wrong, 1), { name: 'TargetError' }, wrong);
});
