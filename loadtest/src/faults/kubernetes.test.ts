import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createKubernetesFaults } from './kubernetes.ts';
import type { FaultKind } from './plan.ts';

const cluster = { kubeconfig: 'none', namespace: 'chat', name: 'chat', frontUrl: '' };
const fault = (kind: FaultKind, pick = 0) => ({ kind, pick, atMs: 0, lastsMs: 1 });

/** Answers as a small cluster would, and remembers what it was asked. */
function fakeKubectl() {
  const calls: string[] = [];
  const kubectl = (...args: string[]) => {
    const call = args.join(' ');
    calls.push(call);
    if (call.startsWith('get pods')) return Promise.resolve('pod/a\npod/b');
    if (call.startsWith('get deployments')) return Promise.resolve('deployment.apps/chat-realtime');
    if (call.includes('spec.replicas')) return Promise.resolve('3');
    if (call.includes('secretName')) return Promise.resolve('chat-redis');
    if (call.startsWith('get secret chat-redis')) return Promise.resolve(Buffer.from('hush').toString('base64'));
    return Promise.resolve('');
  };
  const flush = (pod: string, password: string) => Promise.resolve(void calls.push(`flush ${pod} with ${password}`));
  return { calls, ...createKubernetesFaults(cluster, { kubectl, flush }) };
}
const going = new AbortController().signal;

test('a pod is deleted without grace, and its successor awaited', async () => {
  const { calls, inject } = fakeKubectl();
  assert.equal(await inject(fault('pod-kill', 3), going), 'pod/b');
  const selector = 'app.kubernetes.io/instance=chat,app.kubernetes.io/component=realtime';
  assert.deepEqual(calls, [
    `get pods -l ${selector} -o name`,
    'delete pod/b --grace-period=0 --force --wait=true',
    `wait --for=condition=Ready pod -l ${selector} --timeout=180s`,
  ]);
});

test('scaling goes up by two and back, also when the run is stopped in between', async () => {
  const { calls, inject } = fakeKubectl();
  assert.equal(await inject(fault('scale'), AbortSignal.abort()), '3 to 5 to 3');
  assert.deepEqual(
    calls.filter((call) => call.startsWith('scale')),
    ['scale chatcluster/chat --replicas=5', 'scale chatcluster/chat --replicas=3'],
  );
});

test('a rolling restart waits for the rollout', async () => {
  const { calls, inject } = fakeKubectl();
  await inject(fault('rolling-restart'), going);
  assert.deepEqual(calls.slice(1), [
    'rollout restart deployment.apps/chat-realtime',
    'rollout status deployment.apps/chat-realtime --timeout=180s',
  ]);
});

test('Redis is flushed with the password of its own configuration', async () => {
  const { calls, inject } = fakeKubectl();
  assert.equal(await inject(fault('redis-flush'), going), 'pod/a');
  assert.equal(calls.at(-1), 'flush pod/a with hush');
});

test('a frozen process is no fault of a pod', async () => {
  const { inject, available } = fakeKubectl();
  assert.ok(!available.includes('pod-freeze'));
  await assert.rejects(inject(fault('pod-freeze'), going), /pod-freeze is not a fault of Kubernetes pods/);
});
