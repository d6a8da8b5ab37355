import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@chatcluster/tools/testing';
import { createSocketClock } from '../src/lifecycle/socket-clock.ts';
import type { Connection } from '../src/transport/socket/connection.ts';
import { connectError, startPods, type Cluster, type Person, type SocketSettings } from './_pods.ts';

describe('sessions over three pods', () => {
  let cluster: Cluster;
  let ann: Person;

  before(async () => {
    cluster = await startPods(3);
    await cluster.addPod({ TOKEN_IN_QUERY: 'on' });
    ann = await cluster.register('Ann');
  });
  after(() => cluster?.[Symbol.asyncDispose]());

  const login = async (pod: number) => {
    const { user } = ann;
    const result = await cluster.ok<Person>(
      null,
      'POST',
      '/v1/auth/login',
      { email: user.email, password: 'correct horse', tokens: 'body' },
      pod,
    );
    return { ...result, id: user.id };
  };

  it('prove themselves in five ways, the first present wins', async () => {
    const authorization = `Bearer ${ann.accessToken}`;
    const cookie = `chat_access=${ann.accessToken}`;
    const ticket = async () => (await cluster.ok<{ ticket: string }>(ann, 'POST', '/v1/auth/tickets')).ticket;
    const spent = await ticket();
    const origin = cluster.pod(0).url;
    const welcome: SocketSettings[] = [
      { auth: { token: ann.accessToken }, extraHeaders: { authorization: 'Bearer nonsense' } },
      { extraHeaders: { authorization }, auth: { ticket: 'nonsense' } },
      { auth: { ticket: spent } },
      { query: { ticket: await ticket() } },
      { extraHeaders: { cookie, origin } },
    ];
    for (const settings of welcome) {
      using socket = cluster.open(0, settings);
      assert.equal((await socket.next('session:ready')).userId, ann.id);
    }
    const refused = [
      [{ auth: { ticket: spent } }, 'unauthenticated'],
      [{ extraHeaders: { cookie } }, 'forbidden'],
      [{ query: { token: ann.accessToken } }, 'unauthenticated'],
      [{ auth: { token: 'nonsense' }, extraHeaders: { authorization } }, 'unauthenticated'],
    ] as const;
    for (const [settings, code] of refused) {
      using socket = cluster.open(0, settings);
      assert.equal((await connectError(socket)).data?.code, code);
    }
    using socket = cluster.open(3, { query: { token: ann.accessToken } });
    assert.equal((await socket.next('session:ready')).podId, cluster.pod(3).id);
  });

  it('from a foreign Origin are refused with 403 before anything else', async () => {
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1:1']) {
      const response = await upgrade(cluster.pod(0).url, { origin });
      assert.equal(response.status, 403, origin);
      assert.match(response.body, /"forbidden"/);
    }
    assert.equal((await upgrade(cluster.pod(0).url, {})).status, 101);
  });

  it('that are revoked lose their sockets on every pod and REST within 2 s', async () => {
    const other = await login(1);
    using first = await cluster.connect(other, 1);
    using second = await cluster.connect(other, 2);
    using own = await cluster.connect(ann, 2);
    const startedAt = performance.now();
    await cluster.ok(ann, 'DELETE', `/v1/auth/sessions/${other.sessionId}`, undefined, 0);
    for (const socket of [first, second]) {
      const ended = await socket.next('session:ended');
      assert.deepEqual([ended.code, ended.reconnect], ['revoked', false]);
      await socket.closed();
    }
    await Promise.all(
      [0, 1, 2].map((pod) => eventually(async () => (await cluster.rest(other, 'GET', '/v1/users/me', undefined, pod)).status === 401)),
    );
    assert.ok(performance.now() - startedAt < 2_000);
    using late = cluster.open(1, { auth: { token: other.accessToken } });
    assert.equal((await connectError(late)).data?.code, 'unauthenticated');
    await own.call('changes', {});
    assert.equal((await own.refused('auth:refresh', { token: other.accessToken })).code, 'unauthenticated');
  });

  it('stay open with a fresh token of the same session, and no other', async () => {
    using socket = await cluster.connect(ann, 0);
    const other = await login(0);
    assert.equal((await socket.refused('auth:refresh', { token: other.accessToken })).code, 'forbidden');
    assert.equal((await socket.refused('auth:refresh', { token: 'x' })).code, 'unauthenticated');
    const fresh = await cluster.ok<Person>(null, 'POST', '/v1/auth/refresh', { refreshToken: ann.refreshToken });
    ann = { ...ann, ...fresh };
    assert.ok(Date.parse((await socket.call('auth:refresh', { token: fresh.accessToken })).expiresAt) > Date.now());
  });

  it('above the number a user may have replace the oldest', async () => {
    const pod = await cluster.addPod({ SOCKETS_PER_USER: '2' });
    const index = cluster.pods.indexOf(pod);
    const guest = await cluster.guest();
    using first = await cluster.connect(guest, index);
    using second = await cluster.connect(guest, index);
    using third = await cluster.connect(guest, index);
    const ended = await first.next('session:ended');
    assert.deepEqual([ended.code, ended.reconnect], ['replaced', false]);
    await first.closed();
    await Promise.all([second.call('changes', {}), third.call('changes', {})]);
  });
});

describe('short-lived tokens', () => {
  it('are announced before they end, refused afterwards while entries still arrive, and renewed', async () => {
    await using cluster = await startPods(1, { ACCESS_TOKEN_SECONDS: '3' });
    const [ann, bob] = (await cluster.guests(2)) as [Person, Person];
    const group = await cluster.group([ann, bob]);
    using socket = await cluster.connect(ann);
    const { expiresAt } = await socket.next('session:expiring');
    assert.ok(Date.parse(expiresAt) - Date.now() <= 3_000);
    const error = await eventually(async () => {
      const ack = await socket.emit('changes', {});
      return !ack.ok && ack.error;
    });
    assert.deepEqual([error.code, error.retryable], ['token_expired', true]);
    const renew = (person: Person) => cluster.ok<Person>(null, 'POST', '/v1/auth/refresh', { refreshToken: person.refreshToken });
    const sender = await renew(bob);
    const sent = await cluster.ok<{ seq: number }>(sender, 'POST', `/v1/conversations/${group.id}/messages`, {
      clientMsgId: randomUUID(),
      body: 'to an expired one',
    });
    await socket.reached(group.id, sent.seq);
    await socket.call('auth:refresh', { token: (await renew(ann)).accessToken });
    await socket.call('changes', {});
    assert.equal(socket.closeReason, undefined);
  });

  it('end their sockets 30 s after they expired, except while nobody can refresh', () => {
    const ended: unknown[] = [];
    let now = 100_000;
    let isRefreshImpossible = true;
    const connection = {
      sessionId: 's',
      isEnded: false,
      connectedAt: now,
      warnedFor: 0,
      movingAt: undefined,
      principal: { expiresAt: 101_000 },
      emit: () => undefined,
      end: (...args: unknown[]) => void ended.push(args),
    } as unknown as Connection;
    using clock = createSocketClock({
      connections: () => [connection],
      isRevoked: () => false,
      isRefreshImpossible: () => isRefreshImpossible,
      maxAgeSeconds: 3_600,
      accessTokenSeconds: 900,
      now: () => now,
    });
    now = 131_001;
    clock.look();
    assert.deepEqual(ended, []);
    isRefreshImpossible = false;
    clock.look();
    assert.deepEqual(ended, [['expired', 'The access token has expired; reconnect with a fresh one.', true]]);
  });
});

describe('a pod that leaves', () => {
  it('hints its sockets away, refuses new ones, and loses no message that it acknowledged', async () => {
    await using cluster = await startPods(3, { DRAIN_SECONDS: '2' });
    const people = await cluster.guests(6);
    const group = await cluster.group(people);
    const sockets = await Promise.all(people.map((person) => cluster.connect(person, 1)));
    using watcher = await cluster.connect(people[0]!, 2);
    const acknowledged: number[] = [];
    const senders = sockets.map(async (socket) => {
      while (socket.closeReason === undefined) {
        const clientMsgId = randomUUID();
        const ack = await Promise.race([
          socket.emit<{ seq: number }>('message:send', { conversationId: group.id, clientMsgId, body: 'x' }).catch(() => undefined),
          socket.closed().catch(() => undefined),
        ]);
        if (typeof ack === 'object' && ack.ok) acknowledged.push(ack.data.seq);
        // A pace, not a wait: twenty writers' worth of load from six sockets.
        await delay(10);
      }
    });
    await eventually(() => acknowledged.length > 20);
    const draining = cluster.pod(1).app.drain(new AbortController().signal);
    const hints = await Promise.all(sockets.map((socket) => socket.next('server:drain')));
    assert.ok(hints.every((hint) => hint.reason === 'shutdown' && hint.reconnectInMs <= 2_000));
    assert.ok(new Set(hints.map((hint) => hint.reconnectInMs)).size > 1);
    const refused = await upgrade(cluster.pod(1).url, {});
    assert.equal(refused.status, 503);
    assert.match(refused.headers, /retry-after: \d/i);
    assert.equal((await fetch(`${cluster.pod(1).adminUrl}/readyz`)).status, 503);
    await draining;
    await Promise.all(senders);
    await watcher.reached(group.id, Math.max(...acknowledged));
    await eventually(() => new Set(watcher.entries(group.id).map((e) => e.seq)).isSupersetOf(new Set(acknowledged)));
  });
});

/** The raw answer to an upgrade request. */
async function upgrade(url: string, headers: Record<string, string>): Promise<{ status: number; headers: string; body: string }> {
  const { connect } = await import('node:net');
  const { hostname, port, host } = new URL(url);
  const socket = connect(Number(port), hostname);
  const lines = Object.entries({
    Host: host,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n${lines.join('')}\r\n`);
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString('latin1')));
  await eventually(() => (text.startsWith('HTTP/1.1 101') ? text.includes('\r\n\r\n') : socket.readableEnded));
  socket.destroy();
  const [head = '', body = ''] = text.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), headers: head, body };
}
