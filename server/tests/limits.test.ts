import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { WebSocket } from 'ws';
import { eventually } from '@chatcluster/tools/testing';
import { connectError, startPods, type Cluster, type Person } from './_pods.ts';

/** A client whose kernel buffer is all that takes in what comes: it never reads after `session:ready`. */
async function openSleeper(cluster: Cluster, person: Person): Promise<WebSocket> {
  const ws = new WebSocket(`${cluster.pod(0).url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
  let isReady = false;
  ws.on('message', (data) => (isReady ||= String(data).includes('session:ready')));
  ws.on('error', () => undefined);
  await once(ws, 'open');
  ws.send(`40${JSON.stringify({ token: person.accessToken })}`);
  await eventually(() => isReady);
  ws.pause();
  return ws;
}

const connectionsOf = async (cluster: Cluster) => {
  const response = await fetch(`${cluster.pod(0).adminUrl}/metrics.json`);
  return ((await response.json()) as { connections: number }).connections;
};

describe('limits', () => {
  it('let a burst of messages through over all pods together, refuse the next, and charge resends nothing', async () => {
    await using cluster = await startPods(3, { RATE_LIMITS: 'on', MESSAGE_BURST: '30', MESSAGES_PER_SECOND: '1' });
    const [ann, bob] = [await cluster.register('Ann'), await cluster.guest()];
    const group = await cluster.group([ann, bob]);
    const sockets = await Promise.all([0, 1, 2].map((pod) => cluster.connect(ann, pod)));
    const payloads = Array.from({ length: 20 }, (_, i) => ({ conversationId: group.id, clientMsgId: randomUUID(), body: `${i}` }));
    const burst = await Promise.all(payloads.map((payload) => sockets[0]!.emit('message:send', payload)));
    assert.equal(burst.filter((ack) => ack.ok).length, 20, 'a burst below the limit passes whole');
    const flood = await Promise.all(
      [1, 2].flatMap((pod) =>
        Array.from({ length: 20 }, (_, i) =>
          sockets[pod]!.emit<{ seq: number }>('message:send', { conversationId: group.id, clientMsgId: randomUUID(), body: `${pod} ${i}` }),
        ),
      ),
    );
    const passed = flood.filter((ack) => ack.ok).length;
    // A second or two of refill on a busy machine, and what a pod may hold unspent.
    assert.ok(passed >= 2 && passed <= 15, `${passed} more passed`);
    const refused = flood.filter((ack) => !ack.ok).map((ack) => ack.error);
    assert.ok(refused.every((error) => error.code === 'rate_limited' && error.retryable && error.retryAfterMs! > 0));
    for (const socket of sockets) {
      for (const payload of payloads.slice(0, 5)) assert.equal((await socket.call('message:send', payload)).duplicate, true);
    }
    assert.equal((await cluster.rest(ann, 'POST', `/v1/conversations/${group.id}/messages`, payloads[0], 1)).status, 200);
  });

  it('count wrong passwords over all pods together', async () => {
    await using cluster = await startPods(2, { RATE_LIMITS: 'on' });
    const email = `${randomUUID()}@example.org`;
    const login = (pod: number) => cluster.rest(null, 'POST', '/v1/auth/login', { email, password: 'wrong' }, pod);
    // The connection that counts may still be coming up; until then each pod counts alone.
    await eventually(
      async () => {
        const statuses = [(await login(0)).status, (await login(1)).status];
        return statuses.every((status) => status === 429);
      },
      { deadlineMs: 60_000 },
    );
    const fresh = `${randomUUID()}@example.org`;
    for (let i = 0; i < 10; i += 1) {
      const answer = await cluster.rest(null, 'POST', '/v1/auth/login', { email: fresh, password: 'wrong' }, i % 2);
      assert.equal(answer.status, 401);
    }
    for (const pod of [0, 1])
      assert.equal((await cluster.rest(null, 'POST', '/v1/auth/login', { email: fresh, password: 'wrong' }, pod)).status, 429);
  });

  it('do not let a refused message through by sending it again, nor by its id in another conversation', async () => {
    await using cluster = await startPods(1, { RATE_LIMITS: 'on', MESSAGE_BURST: '3', MESSAGES_PER_SECOND: '1' });
    const ann = await cluster.register('Ann');
    const groups = await Promise.all(Array.from({ length: 8 }, () => cluster.group([ann])));
    using socket = await cluster.connect(ann);
    const clientMsgId = randomUUID();
    const acks = await Promise.all(
      groups.map((group) => socket.emit('message:send', { conversationId: group.id, clientMsgId, body: 'x' })),
    );
    assert.ok(acks.filter((ack) => ack.ok).length <= 4);
    const again = await Promise.all(
      groups.map((group) => socket.emit('message:send', { conversationId: group.id, clientMsgId, body: 'x' })),
    );
    assert.ok(again.filter((ack) => ack.ok).length <= 6);
  });

  it('survive refusals while a slow send of the same socket is under way', async () => {
    await using cluster = await startPods(1, { RATE_LIMITS: 'on', MESSAGE_BURST: '3', MESSAGES_PER_SECOND: '1' });
    const ann = await cluster.register('Ann');
    const group = await cluster.group([ann]);
    using socket = await cluster.connect(ann);
    const { id } = await socket.send(group.id, 'parent');
    const acks = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        socket.emit('message:send', {
          conversationId: group.id,
          clientMsgId: randomUUID(),
          body: 'x',
          ...(i % 2 === 0 && { replyTo: id }),
        }),
      ),
    );
    assert.ok(acks.some((ack) => !ack.ok && ack.error.code === 'rate_limited'));
    await socket.call('changes', {});
  });

  it('refuse events above the rate of a socket without ending it', async () => {
    await using cluster = await startPods(1, { RATE_LIMITS: 'on', EVENT_BURST: '20', EVENTS_PER_SECOND: '2' });
    using socket = await cluster.connect(await cluster.guest());
    const acks = await Promise.all(Array.from({ length: 150 }, () => socket.emit('presence:watch', { userIds: [] })));
    const refused = acks.filter((ack) => !ack.ok);
    assert.ok(refused.length > 100);
    assert.ok(refused.every((ack) => !ack.ok && ack.error.code === 'rate_limited' && ack.error.retryAfterMs! > 0));
    await eventually(async () => (await socket.emit('changes', {})).ok);
    assert.equal(socket.closeReason, undefined);
  });

  it('answer handshakes above the rate of an address, and above the sockets of a pod, with 503 and Retry-After', async () => {
    await using cluster = await startPods(1, { RATE_LIMITS: 'on', HANDSHAKES_PER_SECOND_PER_ADDRESS: '1' });
    await cluster.addPod({ SOCKETS_PER_POD: '1' });
    const guest = await cluster.guest();
    const refusal = (pod: number) =>
      new Promise<string>((resolve, reject) => {
        const ws = new WebSocket(`${cluster.pod(pod).url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
        ws.on('unexpected-response', (_request, response) => {
          resolve(`${response.statusCode} ${Number(response.headers['retry-after']) >= 1}`);
          response.destroy();
          ws.terminate();
        });
        ws.on('open', () => (ws.terminate(), resolve('open')));
        ws.on('error', reject);
      });
    const answers = await Promise.all(Array.from({ length: 10 }, () => refusal(0)));
    assert.ok(answers.filter((answer) => answer === '503 true').length >= 5, answers.join());
    using existing = await cluster.connect(guest, 1);
    assert.equal(await refusal(1), '503 true');
    using late = cluster.open(1, { auth: { token: guest.accessToken } });
    await connectError(late);
    await existing.call('changes', {});
  });

  for (const [what, flood] of Object.entries({
    'entries of others': async (cluster: Cluster, people: Person[], groupId: string) => {
      // On a pod of its own with a limit out of reach: it must not be the slow one itself.
      await cluster.addPod({ UNREAD_BYTES_PER_SOCKET: '100000000' });
      using sender = await cluster.connect(people[1]!, 1);
      // More than kernels buffer on loopback (about 6 MiB both ways) even when it grows.
      await eventually(
        async () => {
          await Promise.all(Array.from({ length: 50 }, () => sender.send(groupId, 'x'.repeat(7_900))));
          return (await connectionsOf(cluster)) === 0;
        },
        { deadlineMs: 60_000 },
      );
      await sender.send(groupId, 'the others go on');
    },
    'answers to its own calls': async (cluster: Cluster, people: Person[], groupId: string, sleeper: WebSocket) => {
      for (let i = 0; i < 60; i += 1)
        await cluster.ok(people[1]!, 'POST', `/v1/conversations/${groupId}/messages`, {
          clientMsgId: randomUUID(),
          body: 'x'.repeat(7_900),
        });
      await eventually(
        async () => {
          for (let i = 0; i < 10; i += 1) sleeper.send(`421${JSON.stringify(['history', { conversationId: groupId, limit: 100 }])}`);
          return (await connectionsOf(cluster)) === 0;
        },
        { deadlineMs: 60_000 },
      );
    },
  })) {
    it(`cut off a reader that does not take ${what}`, async () => {
      await using cluster = await startPods(1, { UNREAD_BYTES_PER_SOCKET: '20000' });
      const people = await cluster.guests(2);
      const group = await cluster.group(people);
      const sleeper = await openSleeper(cluster, people[0]!);
      try {
        await flood(cluster, people, group.id, sleeper);
      } finally {
        sleeper.terminate();
      }
    });
  }
});
