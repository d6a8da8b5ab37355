import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { Message, SearchPage } from '@chatcluster/protocol';
import { eventually } from '@chatcluster/tools/testing';
import { Cluster, type Person, type TestSocket } from './_pods.ts';
import { type Pair, startPair } from './_standby.ts';

const patient = { deadlineMs: 60_000 };

describe('pods with a read replica', () => {
  let pair: Pair;
  let cluster: Cluster;
  let ada: Person;
  let bob: Person;
  let socket: TestSocket;

  before(async () => {
    await using stack = new AsyncDisposableStack();
    pair = stack.use(await startPair());
    cluster = new Cluster(pair.primary.url, stack.move(), { DATABASE_READ_URL: pair.standby.url });
    await cluster.addPod();
    await cluster.addPod({ DATABASE_READ_URL: `postgres://postgres@127.0.0.1:1/none, ${pair.standby.url}` });
    [ada, bob] = (await cluster.guests(2)) as [Person, Person];
    socket = await cluster.connect(ada, 0);
  });
  after(() => cluster?.[Symbol.asyncDispose]());
  beforeEach(() => Promise.all([usable(0, 1), usable(1, 1)]));

  async function metric(pod: number, name: string): Promise<number> {
    const text = await (await fetch(`${cluster.pod(pod).adminUrl}/metrics`)).text();
    const line = text.split('\n').find((l) => l.startsWith(`${name} `));
    return Number(line?.split(' ').at(-1) ?? 0);
  }
  const usable = (pod: number, count: number) =>
    eventually(async () => (await metric(pod, 'chat_replicas_usable')) === count, { ...patient, message: `pod ${pod} uses ${count}` });
  const served = (pod: number, outcome: string) => metric(pod, `chat_replica_reads_total{outcome="${outcome}"}`);
  const history = (person: Person, id: string, pod: number) =>
    cluster.rest<{ items: Message[]; code?: string }>(person, 'GET', `/v1/conversations/${id}/messages`, undefined, pod);
  const bodies = async (person: Person, id: string, pod: number) => {
    const { status, body } = await history(person, id, pod);
    assert.equal(status, 200);
    return body.items.map((message) => message.body);
  };

  it('serve history, threads and search from it, and every pod shows what any pod acknowledged', async () => {
    const { id } = await cluster.group([ada, bob]);
    const sent: string[] = [];
    for (let i = 0; i < 20; i += 1) {
      sent.push(`walrus ${i}`);
      await socket.send(id, sent.at(-1)!);
      assert.deepEqual(await bodies(ada, id, i % 2), sent);
      assert.deepEqual(await bodies(bob, id, (i + 1) % 2), sent);
    }
    const page = await socket.call('history', { conversationId: id });
    assert.equal(page.messages.length, 20);
    const search = () => cluster.ok<SearchPage>(bob, 'GET', '/v1/search?q=walrus', undefined, 1);
    await eventually(async () => (await search()).items.length === 20, patient);
    const root = page.messages[0]!.id;
    await socket.send(id, 'an answer', { replyTo: root });
    const thread = await cluster.ok<{ items: Message[] }>(bob, 'GET', `/v1/conversations/${id}/messages?thread=${root}`, undefined, 1);
    assert.deepEqual(
      thread.items.map(({ body }) => body),
      ['an answer'],
    );
    for (const pod of [0, 1]) assert.ok((await served(pod, 'replica')) > 10, `pod ${pod} read from the replica`);
  });

  it('show what was acknowledged while the replica is behind, stay ready, and hide what came after a removal', async () => {
    const { id } = await cluster.group([ada, bob]);
    await socket.send(id, 'before');
    await pair.pause();
    await socket.send(id, 'while it is behind');
    for (const pod of [0, 1]) assert.deepEqual(await bodies(ada, id, pod), ['before', 'while it is behind']);
    await usable(0, 0);
    await cluster.ok(ada, 'DELETE', `/v1/conversations/${id}/members/${bob.id}`);
    await socket.send(id, 'not for Bob');
    for (const pod of [0, 1]) {
      const { status, body } = await history(bob, id, pod);
      assert.deepEqual([status, body.code], [403, 'not_member']);
      assert.equal((await fetch(`${cluster.pod(pod).adminUrl}/readyz`)).status, 200);
    }
    const found = await cluster.ok<SearchPage>(bob, 'GET', `/v1/search?q=before&conversationId=${id}`);
    assert.deepEqual(found.items, []);
    await pair.resume();
  });

  it('do not let a removed member read from a replica that did not replay the removal', async () => {
    const { id } = await cluster.group([ada, bob]);
    await socket.send(id, 'before');
    await cluster.ok(ada, 'DELETE', `/v1/conversations/${id}/members/${bob.id}`, undefined, 1);
    // Replay stops now and then, and always just after a pod found the replica fit.
    for (let round = 0; round < 5; round += 1) {
      await Promise.all([usable(0, 1), usable(1, 1)]);
      await cluster.ok(ada, 'POST', `/v1/conversations/${id}/members`, { userIds: [bob.id] });
      await eventually(async () => (await history(bob, id, 0)).status === 200, patient);
      await Promise.all([usable(0, 1), usable(1, 1)]);
      await pair.pause();
      await cluster.ok(ada, 'DELETE', `/v1/conversations/${id}/members/${bob.id}`, undefined, 1);
      const answers = await Promise.all([0, 1].map((pod) => history(bob, id, pod)));
      assert.deepEqual(
        answers.map(({ status }) => status),
        [403, 403],
      );
      await pair.resume();
    }
  });

  it('go on without it when it is gone, and use it again when it is back', async () => {
    const { id } = await cluster.group([ada, bob]);
    pair.standby.kill();
    await socket.send(id, 'alone');
    for (const pod of [0, 1]) {
      assert.deepEqual(await bodies(bob, id, pod), ['alone']);
      assert.equal((await fetch(`${cluster.pod(pod).adminUrl}/readyz`)).status, 200);
    }
    await Promise.all([usable(0, 0), usable(1, 0)]);
    await pair.standby.restart();
    await Promise.all([usable(0, 1), usable(1, 1)]);
    const before = await served(0, 'replica');
    await eventually(async () => (await bodies(bob, id, 0)).length === 1 && (await served(0, 'replica')) > before, patient);
  });
});
