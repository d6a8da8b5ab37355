import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChangesPage, Conversation, Entry, SessionReady, SyncPage } from '@chatcluster/protocol';
import { defaultLimits } from '@chatcluster/protocol/limits';
import { createClient } from './client.ts';
import { createFakeScheduler, settle } from './fake-scheduler.ts';
import { createMemoryServer, type MemoryCall, type MemoryConnection } from './memory-transport.ts';
import { createMemoryStore } from './store.ts';
import type { ClientOptions, PendingMessage } from './types.ts';

const ME = 'me';
const ready = (epoch = 1): SessionReady => ({
  userId: ME,
  sessionId: 's',
  podId: 'pod-1',
  version: '1',
  epoch,
  serverTime: '',
  expiresAt: '',
  limits: defaultLimits,
});
const message = (seq: number, actorId = 'bob', clientMsgId?: string, mentions: string[] = []): Entry => ({
  seq,
  type: 'message',
  id: `m${seq}`,
  at: new Date(seq).toISOString(),
  actorId,
  data: { body: `body ${seq}`, mentions },
  ...(clientMsgId ? { clientMsgId } : {}),
});

function conversation(lastSeq: number, more: Partial<Conversation> = {}): Conversation {
  const member = (userId: string) => ({ userId, role: 'member' as const, joinedAt: '', deliveredSeq: 0, readSeq: 0 });
  return {
    id: 'c',
    kind: 'group',
    createdAt: '2030-01-01T00:00:00.000Z',
    lastSeq,
    history: 'all',
    memberCount: 2,
    members: [member(ME), member('bob')],
    me: { role: 'member', firstSeq: 1, readSeq: lastSeq, deliveredSeq: lastSeq, unread: 0, mentions: 0, level: 'all' },
    ...more,
  };
}

/** A server that answers from `entries` of one conversation. */
function createWorld(options: Partial<ClientOptions> = {}) {
  const clock = createFakeScheduler();
  const world = {
    clock,
    entries: [] as Entry[],
    conversation: conversation(0),
    epoch: 1,
    refreshes: 0,
    /** Takes a call over; false lets the world answer. */
    intercept: (_call: MemoryCall, _connection: MemoryConnection): boolean => false,
    fetchStatus: 200,
  };
  const changes = (): ChangesPage => ({
    conversations: [{ ...world.conversation, lastSeq: world.entries.length }],
    removed: [],
    next: 't',
    more: false,
  });
  const sync = (cursors: Record<string, number>): SyncPage => {
    const missed = Object.entries(cursors).map(([id, seq]) => [id, world.entries.slice(seq, seq + 2)] as const);
    return {
      entries: Object.fromEntries(missed),
      limited: {},
      reset: [],
      more: Object.values(cursors).some((seq) => seq + 2 < world.entries.length),
    };
  };
  const server = createMemoryServer({
    onConnect: (connection) => connection.emit('session:ready', ready(world.epoch)),
    onCall(call, connection) {
      if (world.intercept(call, connection)) return;
      if (call.event === 'changes') call.answer(changes());
      else if (call.event === 'sync') call.answer(sync(call.payload['cursors'] as Record<string, number>));
      else if (call.event === 'history') call.answer({ messages: [], hasBefore: false, hasAfter: false });
      else if (call.event === 'message:send') {
        const entry = message(world.entries.length + 1, ME, String(call.payload['clientMsgId']));
        world.entries.push(entry);
        call.answer({ status: 'stored', id: entry.id, seq: entry.seq, at: entry.at });
        connection.emit('entries', { conversationId: 'c', entries: [entry] });
      } else call.answer({});
    },
  });
  let ids = 0;
  const client = createClient({
    url: 'http://test',
    tokens: 'body',
    transport: server.transport,
    scheduler: clock,
    random: () => 0.5,
    newId: () => `id-${(ids += 1)}`,
    checkEveryMs: 0,
    fetch: async (input) => {
      if (String(input).endsWith('/refresh')) world.refreshes += 1;
      if (world.fetchStatus !== 200) return new Response(JSON.stringify({ code: 'unauthenticated' }), { status: world.fetchStatus });
      const user = { id: ME, displayName: 'Me', guest: false, emailVerified: true, admin: false };
      return new Response(
        JSON.stringify({ user, accessToken: `token-${world.refreshes}`, expiresIn: 900, sessionId: 's', refreshToken: 'r' }),
      );
    },
    ...options,
  });
  const start = async () => {
    await client.guest();
    client.start();
    await settle();
  };
  const last = () => server.connections.at(-1) as MemoryConnection;
  const bodies = () => client.conversation('c').messages.map((m) => m.seq);
  return Object.assign(world, { server, client, start, last, bodies });
}

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

test('a message that is sent shows at once as pending and once as a message', async () => {
  const world = createWorld();
  await using client = world.client;
  await world.start();
  await client.open('c');
  client.send('c', 'hello');
  assert.deepEqual(
    client.conversation('c').pending.map((p) => p.state),
    ['sending'],
  );
  await settle();
  assert.deepEqual(client.conversation('c').pending, []);
  assert.deepEqual(
    client.conversation('c').messages.map((m) => [m.body, m.delivery]),
    [['body 1', 'sent']],
  );
  world.last().emit('receipts', { conversationId: 'c', userId: 'bob', read: 1 });
  assert.equal(client.conversation('c').messages[0]?.delivery, 'read');
});

test('a send whose ack is lost is repeated with the same clientMsgId on the next connection and shows once', async () => {
  const world = createWorld();
  await using client = world.client;
  await world.start();
  await client.open('c');
  let lost = true;
  world.intercept = (call, connection) => {
    if (call.event !== 'message:send' || !lost) return false;
    lost = false;
    world.entries.push(message(1, ME, String(call.payload['clientMsgId'])));
    connection.drop();
    return true;
  };
  client.send('c', 'hello');
  client.send('c', 'second');
  await settle();
  assert.equal(client.connection().state, 'waiting');
  world.intercept = (call) => {
    if (call.event !== 'message:send' || call.payload['body'] !== 'hello') return false;
    call.answer({ status: 'stored', id: 'm1', seq: 1, at: '', duplicate: true });
    return true;
  };
  await world.clock.advance(30_000);
  const sends = world.server.calls.filter((c) => c.event === 'message:send').map((c) => [c.payload['body'], c.payload['clientMsgId']]);
  assert.equal(sends[0]?.[1], sends[1]?.[1]);
  assert.deepEqual(world.bodies(), [1, 2]);
  assert.deepEqual(client.conversation('c').pending, []);
});

test('only one send per conversation is open at a time', async () => {
  const world = createWorld();
  await using client = world.client;
  await world.start();
  world.intercept = (call) => call.event === 'message:send';
  client.send('c', 'one');
  client.send('c', 'two');
  client.send('other', 'three');
  await settle();
  assert.deepEqual(
    world.server.calls.filter((c) => c.event === 'message:send').map((c) => c.payload['body']),
    ['one', 'three'],
  );
});

test('a send that is refused for good fails and can be retried or discarded', async () => {
  const world = createWorld();
  await using client = world.client;
  await world.start();
  world.intercept = (call) => call.event === 'message:send' && (call.fail({ code: 'forbidden' }), true);
  const id = client.send('c', 'no');
  await settle();
  const failed = client.conversation('c').pending[0] as PendingMessage;
  assert.equal(failed.state, 'failed');
  assert.equal(failed.error?.code, 'forbidden');
  world.intercept = () => false;
  client.retry(id);
  await settle();
  assert.deepEqual(client.conversation('c').pending, []);
});

test('a message that the server only queued stays pending until its entry is seen or it is rejected', async () => {
  const world = createWorld();
  await using client = world.client;
  await world.start();
  world.intercept = (call) => call.event === 'message:send' && (call.answer({ status: 'queued', id: 'q', at: '' }), true);
  const first = client.send('c', 'a');
  const second = client.send('c', 'b');
  await settle();
  assert.deepEqual(
    client.conversation('c').pending.map((p) => p.state),
    ['queued', 'queued'],
  );
  world.last().emit('entries', { conversationId: 'c', entries: [message(1, ME, first)] });
  world
    .last()
    .emit('message:rejected', { conversationId: 'c', clientMsgId: second, error: { code: 'forbidden', message: '', retryable: false } });
  assert.deepEqual(
    client.conversation('c').pending.map((p) => [p.body, p.state]),
    [['b', 'failed']],
  );
});

test('what was missed while away is read on reconnecting, in pages and in order', async () => {
  const world = createWorld();
  await using client = world.client;
  await world.start();
  await client.open('c');
  world.last().drop();
  world.entries.push(...[1, 2, 3, 4, 5].map((seq) => message(seq)));
  await world.clock.advance(1_000);
  assert.equal(client.connection().state, 'live');
  assert.deepEqual(world.bodies(), [1, 2, 3, 4, 5]);
});

test('a gap that does not close by itself within 500 ms is filled by sync', async () => {
  const world = createWorld();
  await using client = world.client;
  await world.start();
  await client.open('c');
  world.entries.push(message(1), message(2), message(3));
  world.last().emit('entries', { conversationId: 'c', entries: [message(3)] });
  await world.clock.advance(499);
  assert.deepEqual(world.bodies(), []);
  await world.clock.advance(1);
  assert.deepEqual(world.bodies(), [1, 2, 3]);
});

test('a gap that closes by itself costs no call', async () => {
  const world = createWorld();
  await using client = world.client;
  await world.start();
  await client.open('c');
  const before = world.server.calls.filter((c) => c.event === 'sync').length;
  world.last().emit('entries', { conversationId: 'c', entries: [message(2)] });
  world.last().emit('entries', { conversationId: 'c', entries: [message(1)] });
  await world.clock.advance(1_000);
  assert.equal(world.server.calls.filter((c) => c.event === 'sync').length, before);
  assert.deepEqual(world.bodies(), [1, 2]);
});

test('entries of an unknown conversation are shown after changes told about it', async () => {
  const world = createWorld();
  await using client = world.client;
  await world.start();
  world.intercept = (call) =>
    call.event === 'changes' &&
    (call.answer({ conversations: [{ ...conversation(1), id: 'new' }], removed: [], next: 't', more: false }), true);
  world.last().emit('entries', { conversationId: 'new', entries: [message(2)] });
  await world.clock.advance(500);
  assert.equal(client.conversation('new').unread, 1);
});

test('messages and mentions of others count as unread, own ones do not, and reading clears them', async () => {
  const world = createWorld();
  await using client = world.client;
  await world.start();
  world.last().emit('entries', { conversationId: 'c', entries: [message(1), message(2, ME), message(3, 'bob', undefined, [ME])] });
  assert.deepEqual([client.conversation('c').unread, client.conversation('c').mentions], [2, 1]);
  assert.equal(client.conversations()[0]?.lastMessage?.id, 'm3');
  client.markRead('c');
  assert.deepEqual([client.conversation('c').unread, client.conversation('c').mentions], [0, 0]);
  await world.clock.advance(250);
  const receipts = world.server.calls.filter((c) => c.event === 'receipt').map((c) => c.payload);
  assert.deepEqual(receipts, [{ conversationId: 'c', delivered: 3, read: 3 }]);
});

test('marking as unread never moves the read position forward', async () => {
  const world = createWorld();
  await using client = world.client;
  world.entries.push(...[1, 2, 3].map((seq) => message(seq)));
  const me = { ...world.conversation.me, readSeq: 0, unread: 3 };
  world.conversation = conversation(3, { me });
  await world.start();
  await client.markUnread('c', 3);
  assert.equal(client.conversation('c').readSeq, 0);
});

test('another epoch drops what is held and reads the history again', async () => {
  const world = createWorld();
  await using client = world.client;
  await world.start();
  await client.open('c');
  world.last().emit('entries', { conversationId: 'c', entries: [message(1), message(2)] });
  world.last().drop();
  world.epoch = 2;
  await world.clock.advance(1_000);
  assert.equal(client.connection().state, 'live');
  assert.equal(client.conversation('c').loaded, true);
  assert.deepEqual(world.bodies(), []);
  assert.equal(world.server.calls.findLast((c) => c.event === 'changes')?.payload['since'], undefined);
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

test('unsent messages survive a restart of the app', async () => {
  const store = createMemoryStore();
  await store.savePending(ME, { clientMsgId: 'kept', conversationId: 'c', body: 'hello', createdAt: '', state: 'queued' });
  const world = createWorld({ store });
  await using _client = world.client;
  await world.start();
  await settle();
  assert.equal(world.entries[0]?.clientMsgId, 'kept');
  assert.deepEqual(await store.loadOutbox(ME), []);
});

test('a snapshot keeps its identity until something in it changes', async () => {
  const world = createWorld();
  await using client = world.client;
  await world.start();
  await client.open('c');
  world.last().emit('entries', { conversationId: 'c', entries: [message(1), message(2, ME)] });
  const before = client.conversation('c');
  assert.equal(client.conversation('c'), before);
  world.last().emit('typing', { conversationId: 'c', userId: 'bob', on: true });
  const after = client.conversation('c');
  assert.deepEqual(after.typing, ['bob']);
  assert.equal(after.messages, before.messages);
  await world.clock.advance(6_000);
  assert.deepEqual(client.conversation('c').typing, []);
});

test('disposing leaves no timer behind', async () => {
  const world = createWorld({ checkEveryMs: 300_000 });
  await world.start();
  world.client.setTyping('c', true);
  world.last().emit('typing', { conversationId: 'c', userId: 'bob', on: true });
  world.last().emit('entries', { conversationId: 'c', entries: [message(5)] });
  await world.client[Symbol.asyncDispose]();
  assert.equal(world.clock.pending(), 0);
});
