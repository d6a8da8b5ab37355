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

interface Write {
  by: string;
  /** On the clock of `process.hrtime`, which all processes of a machine share. */
  begunAt: bigint;
}

/** In the order in which the API server took them. */
async function writes(namespace: string): Promise<Write[]> {
  const { items } = await cluster.client.list(CONFIG_MAPS, { namespace });
  return items
    .filter(({ metadata }) => metadata.labels?.by !== undefined)
    .sort((a, b) => Number(a.metadata.resourceVersion) - Number(b.metadata.resourceVersion))
    .map(({ metadata }) => ({ by: metadata.labels!.by!, begunAt: BigInt(metadata.name.split('-').at(-1)!) }));
}

/** Without repeats. */
async function writers(namespace: string): Promise<string[]> {
  return (await writes(namespace)).map(({ by }) => by).filter((by, index, all) => by !== all[index - 1]);
}

async function startPair(namespace: string) {
  const a = startCandidate(namespace, 'a');
  await eventually(() => a.says('leading'), { deadlineMs: 40_000, message: 'nobody leads' });
  const b = startCandidate(namespace, 'b');
  await eventually(async () => (await writers(namespace)).includes('a'));
  return { a, b };
}

test('a process that is frozen in the middle of its writes begins none when it wakes up after another one took over', async () => {
  const namespace = await cluster.createNamespace();
  const { a, b } = await startPair(namespace);
  await using _a = a;
  await using _b = b;
  a.child.kill('SIGSTOP');
  await eventually(() => b.says('leading'), { deadlineMs: 40_000, message: 'the other one does not lead' });
  await eventually(async () => (await writers(namespace)).includes('b'));
  const wokenAt = process.hrtime.bigint();
  a.child.kill('SIGCONT');
  await eventually(() => a.says('lost'), { deadlineMs: 40_000, message: 'the frozen one does not notice' });
  const all = await writes(namespace);
  const late = all.slice(all.findIndex(({ by }) => by === 'b')).filter(({ by }) => by === 'a');
  assert.deepEqual(
    late.filter(({ begunAt }) => begunAt >= wokenAt),
    [],
  );
  // Frozen between the look at its term and the socket, it sends this one write on: nothing but the API server could refuse it.
  assert.ok(late.length <= 1, `${late.length} writes after the other one's`);
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
