import assert from 'node:assert/strict';
import { test } from 'node:test';
import { conversation, createWorld, ME, message, note } from './client-world.ts';
import { settle } from './fake-scheduler.ts';

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

test('who comes and goes is told live and kept beside the messages, and counts nowhere', async () => {
  const world = createWorld();
  const told: number[] = [];
  world.client.on('note', ({ note: { seq } }) => told.push(seq));
  world.entries = [message(1), note(2)];
  await world.start();
  await world.client.open('c');
  const first = world.client.conversation('c');
  world.last().emit('entries', { conversationId: 'c', entries: [note(3), note(4, ME), message(5)] });
  await settle();
  const { notes, messages, unread } = world.client.conversation('c');
  assert.deepEqual([notes.map(({ seq }) => seq), messages.map(({ seq }) => seq), unread], [[3, 4], [5], 1]);
  assert.deepEqual([first.notes, told], [[], [3]]);
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

test('a conversation that one was added to while the list was read is not taken for one that is gone', async () => {
  const world = createWorld();
  await using client = world.client;
  world.intercept = (call, connection) => {
    if (call.event !== 'changes') return false;
    world.intercept = () => false;
    connection.emit('conversation:added', { conversation: { ...conversation(1), id: 'new' } });
    call.answer({ conversations: [conversation(0)], removed: [], next: 't', more: false });
    return true;
  };
  world.conversations = () => [conversation(0), { ...conversation(1), id: 'new' }];
  await world.start();
  assert.deepEqual(
    client
      .conversations()
      .map(({ id }) => id)
      .sort(),
    ['c', 'new'],
  );
  assert.equal(world.server.calls.filter((call) => call.event === 'changes').length, 2);
});

test('how far others have come meanwhile is asked for after a reconnect, where a conversation is open and not everybody is at its end', async () => {
  const world = createWorld();
  await using client = world.client;
  await world.start();
  await client.open('c');
  world.last().emit('entries', { conversationId: 'c', entries: [message(1, ME)] });
  world.entries.push(message(1, ME));
  world.intercept = (call) => {
    if (call.event === 'changes') call.answer({ conversations: [], removed: [], next: 't', more: false });
    const people = ['bob', ME].map((userId) => ({ userId, deliveredSeq: 1, readSeq: 1 }));
    if (call.event === 'positions') call.answer({ positions: { c: people } });
    return call.event === 'changes' || call.event === 'positions';
  };
  assert.equal(client.conversation('c').messages[0]?.delivery, 'sent');
  world.last().drop();
  await world.clock.advance(1_000);
  assert.equal(client.conversation('c').messages[0]?.delivery, 'read');
  world.last().drop();
  await world.clock.advance(1_000);
  assert.equal(world.server.calls.filter((call) => call.event === 'changes').length, 3);
  assert.equal(world.server.calls.filter((call) => call.event === 'positions').length, 1);
});

test('when old messages were removed the list is read again, and they are gone here too', async () => {
  const world = createWorld();
  await using client = world.client;
  await world.start();
  await client.open('c');
  const entries = [1, 2, 3].map((seq) => message(seq));
  world.entries.push(...entries);
  world.last().emit('entries', { conversationId: 'c', entries });
  world.conversation = conversation(3, { trimmedSeq: 2, me: { ...world.conversation.me, readSeq: 0, unread: 1 } });
  world.last().emit('resync', { reason: 'history_trimmed', conversationIds: ['c'] });
  await settle();
  assert.deepEqual(world.bodies(), [3]);
  assert.deepEqual([client.conversation('c').unread, client.conversation('c').hasBefore], [1, false]);
});
