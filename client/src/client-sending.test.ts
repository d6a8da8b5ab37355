import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ME, createWorld, message } from './client-world.ts';
import { settle } from './fake-scheduler.ts';
import { createMemoryStore } from './store.ts';
import type { PendingMessage } from './types.ts';

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
