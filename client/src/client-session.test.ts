import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createWorld, ready } from './client-world.ts';
import { settle } from './fake-scheduler.ts';
import type { MemoryCall } from './memory-transport.ts';

test('a client that connects reads the changes and is live', async () => {
  const world = createWorld();
  await using client = world.client;
  const states: string[] = [];
  client.on('connection', ({ state }) => states.push(state));
  await world.start();
  assert.deepEqual(states, ['idle', 'connecting', 'syncing', 'live']);
  assert.equal(client.connection().podId, 'pod-1');
  assert.deepEqual(
    client.conversations().map((c) => c.id),
    ['c'],
  );
});

test('a refusal with a hint is obeyed and one for good ends the attempts', async () => {
  const world = createWorld();
  await using client = world.client;
  world.server.onConnect = (connection) =>
    connection.refuse({ code: 'overloaded', message: 'full', retryable: true, retryAfterMs: 20_000 });
  await world.start();
  const { state, nextAttemptAt = 0 } = client.connection();
  assert.equal(state, 'waiting');
  assert.ok(nextAttemptAt - world.clock.now() >= 20_000);
  world.server.onConnect = (connection) => connection.refuse({ code: 'unsupported_protocol', retryable: false });
  await world.clock.advance(60_000);
  assert.deepEqual([client.connection().state, client.connection().code], ['refused', 'unsupported_protocol']);
});

test('a handshake that nobody answers is given up after ten seconds', async () => {
  const world = createWorld();
  await using client = world.client;
  world.server.onConnect = () => {};
  await world.start();
  assert.equal(client.connection().state, 'connecting');
  await world.clock.advance(10_000);
  assert.equal(client.connection().state, 'waiting');
});

test('an expired token is renewed once and the handshake repeated at once', async () => {
  const world = createWorld();
  await using client = world.client;
  let refusals = 0;
  world.server.onConnect = (connection) =>
    (refusals += 1) === 1 ? connection.refuse({ code: 'token_expired' }) : connection.emit('session:ready', ready());
  await world.start();
  assert.equal(client.connection().state, 'live');
  assert.equal(world.last().auth.token, 'token-1');
});

test('a session that is about to expire is renewed on the open socket', async () => {
  const world = createWorld();
  await using client = world.client;
  await world.start();
  world.last().emit('session:expiring', { expiresAt: '' });
  await settle();
  assert.deepEqual(
    world.server.calls.filter((c) => c.event === 'auth:refresh').map((c) => c.payload),
    [{ token: 'token-1' }],
  );
  assert.equal(client.connection().state, 'live');
});

test('a call refused as expired is repeated after one renewal', async () => {
  const world = createWorld();
  await using client = world.client;
  await world.start();
  let isExpired = true;
  world.intercept = (call) => {
    if (call.event === 'auth:refresh') isExpired = false;
    if (call.event !== 'message:edit' || !isExpired) return false;
    call.fail({ code: 'token_expired' });
    return true;
  };
  await client.edit('c', 'm1', 'new');
  assert.equal(world.refreshes, 1);
});

test('a drain lets the open call settle before the client moves', async () => {
  const world = createWorld();
  await using client = world.client;
  await world.start();
  const open: MemoryCall[] = [];
  world.intercept = (call) => call.event === 'message:send' && open.push(call) > 0;
  client.send('c', 'hello');
  const first = world.last();
  first.emit('server:drain', { reconnectInMs: 2_000, reason: 'shutdown' });
  await world.clock.advance(2_000);
  assert.equal(world.server.connections.length, 1);
  world.intercept = () => false;
  open[0]?.answer({ status: 'stored', id: 'm1', seq: 1, at: '' });
  await settle();
  assert.equal(world.server.connections.length, 2);
  assert.equal(first.isClosed, true);
  assert.equal(client.connection().state, 'live');
});

test('a revoked session signs out and does not come back', async () => {
  const world = createWorld();
  await using client = world.client;
  await world.start();
  const out: unknown[] = [];
  client.on('signed-out', (why) => out.push(why));
  world.last().emit('session:ended', { code: 'revoked', message: '', reconnect: false });
  await world.clock.advance(60_000);
  assert.deepEqual(out, [{ code: 'revoked' }]);
  assert.equal(world.server.connections.length, 1);
  assert.equal(client.me(), undefined);
});

test('without network the client waits for it and connects at once when it is back', async () => {
  let isOnline = true;
  let tell = (_hint: 'online' | 'offline' | 'visible') => {};
  const world = createWorld({ network: { isOnline: () => isOnline, listen: (listener) => ((tell = listener), () => {}) } });
  await using client = world.client;
  // Both the client and its connection listen; the connection is the one that was told last.
  await world.start();
  isOnline = false;
  world.last().drop();
  assert.equal(client.connection().state, 'offline');
  isOnline = true;
  tell('online');
  await settle();
  assert.equal(client.connection().state, 'live');
});

test('a short-lived token is used for two thirds of its time before it is renewed', async () => {
  const world = createWorld();
  await using client = world.client;
  world.expiresIn = 30;
  await client.guest();
  await world.clock.advance(19_000);
  await client.rest.me();
  assert.equal(world.refreshes, 0);
  await world.clock.advance(2_000);
  await client.rest.me();
  await client.rest.me();
  assert.equal(world.refreshes, 1);
});
