import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { eventually } from '../../../tools/src/testing.ts';
import { startTestingCluster, type TestingCluster } from './testing-cluster.ts';
import { CONFIG_MAPS } from './testing-config-map.ts';

let cluster: TestingCluster;
before(async () => {
  cluster = await startTestingCluster();
});
after(() => cluster[Symbol.asyncDispose]());

function startCandidate(namespace: string, identity: string): { child: ChildProcess; says(what: string): boolean } & AsyncDisposable {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'testing-candidate.ts')], {
    env: { ...process.env, CANDIDATE_KUBECONFIG: cluster.kubeconfig, CANDIDATE_NAMESPACE: namespace, CANDIDATE_ID: identity },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  return {
    child,
    says: (what) => output.includes(what),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Who wrote, in the order in which the API server took the writes, without repeats. */
async function writers(namespace: string): Promise<string[]> {
  const { items } = await cluster.client.list(CONFIG_MAPS, { namespace });
  const order = items
    .map(({ metadata }) => ({ by: metadata.labels?.by ?? '', version: Number(metadata.resourceVersion) }))
    .sort((a, b) => a.version - b.version);
  return order.map(({ by }) => by).filter((by, index, all) => by !== all[index - 1]);
}

async function startPair(namespace: string) {
  const a = startCandidate(namespace, 'a');
  await eventually(() => a.says('leading'), { deadlineMs: 40_000, message: 'nobody leads' });
  const b = startCandidate(namespace, 'b');
  await eventually(async () => (await writers(namespace)).includes('a'));
  return { a, b };
}

test('a process that is frozen in the middle of its writes writes nothing when it wakes up after another one took over', async () => {
  const namespace = await cluster.createNamespace();
  const { a, b } = await startPair(namespace);
  await using _a = a;
  await using _b = b;
  a.child.kill('SIGSTOP');
  await eventually(() => b.says('leading'), { deadlineMs: 40_000, message: 'the other one does not lead' });
  await eventually(async () => (await writers(namespace)).includes('b'));
  a.child.kill('SIGCONT');
  await eventually(() => a.says('lost'), { deadlineMs: 40_000, message: 'the frozen one does not notice' });
  assert.deepEqual(await writers(namespace), ['a', 'b']);
});

test('a process that is killed is followed by the other one, one that is asked to end by the next without waiting', async () => {
  const namespace = await cluster.createNamespace();
  const { a, b } = await startPair(namespace);
  await using _a = a;
  await using _b = b;
  a.child.kill('SIGKILL');
  await eventually(() => b.says('leading'), { deadlineMs: 40_000, message: 'the other one does not lead' });
  await using c = startCandidate(namespace, 'c');
  await eventually(async () => (await writers(namespace)).includes('b'));
  b.child.kill('SIGTERM');
  await eventually(() => b.says('released'));
  await eventually(() => c.says('leading'), { deadlineMs: 40_000, message: 'the third one does not lead' });
  await eventually(async () => (await writers(namespace)).includes('c'));
  assert.deepEqual(await writers(namespace), ['a', 'b', 'c']);
});
