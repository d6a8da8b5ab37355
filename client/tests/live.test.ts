import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createDatabase, eventually } from '@chatcluster/tools/testing';
import { createClient, type ChatClient } from '../src/index.ts';
import { startTestServer, type TestServer } from './server.ts';

let stack: AsyncDisposableStack;
let server: TestServer;

before(async () => {
  stack = new AsyncDisposableStack();
  const database = stack.use(await createDatabase());
  server = stack.use(await startTestServer(database.url));
});
after(() => stack.disposeAsync());

async function join(displayName: string): Promise<ChatClient> {
  const client = createClient({ url: server.url });
  await client.register({ email: `${crypto.randomUUID()}@example.org`, password: 'correct horse battery', displayName });
  client.start();
  await eventually(() => client.connection().state === 'live', { message: `${displayName} is live` });
  return client;
}

test('two people chat: text, edit, reaction, typing, receipts, deletion', async () => {
  await using ada = await join('Ada');
  await using bob = await join('Bob');
  const { id } = await ada.createDirect(bob.me()?.id ?? '');
  await eventually(() => bob.conversations().some((c) => c.id === id));
  await Promise.all([ada.open(id), bob.open(id)]);
  for (const body of ['one', 'two', 'three']) ada.send(id, body);
  await eventually(() => bob.conversation(id).messages.length === 3);
  assert.deepEqual(
    bob.conversation(id).messages.map((m) => m.body),
    ['one', 'two', 'three'],
  );
  assert.equal(bob.conversation(id).unread, 3);
  bob.markRead(id);
  await eventually(() => ada.conversation(id).messages.every((m) => m.delivery === 'read'), { message: 'read' });
  bob.setTyping(id, true);
  await eventually(() => ada.conversation(id).typing.length === 1, { message: 'typing' });
  const [first] = bob.conversation(id).messages;
  await bob.react(id, first?.id ?? '', '👍', true);
  await ada.edit(id, first?.id ?? '', 'ONE');
  await ada.remove(id, ada.conversation(id).messages[2]?.id ?? '');
  await eventually(() => bob.conversation(id).messages[2]?.deletedAt && bob.conversation(id).messages[0]?.editedAt);
  assert.deepEqual(bob.conversation(id).messages[0]?.reactions, [{ emoji: '👍', count: 1, me: true }]);
  assert.deepEqual(ada.conversation(id).pending, []);
});

test('what was written while one was away is there after coming back, and older history loads in pages', async () => {
  await using ada = await join('Ada');
  await using bob = await join('Bob');
  const { id } = await ada.createGroup({ title: 'Away', memberIds: [bob.me()?.id ?? ''] });
  await eventually(() => bob.conversations().some((c) => c.id === id));
  await bob.open(id);
  bob.stop();
  for (let i = 0; i < 120; i += 1) ada.send(id, `message ${i}`);
  await eventually(() => ada.conversation(id).pending.length === 0, { deadlineMs: 60_000, message: 'all stored' });
  bob.start();
  await eventually(() => bob.conversation(id).messages.at(-1)?.body === 'message 119');
  assert.equal(bob.conversation(id).unread, 120);
  await ada.open(id);
  while (ada.conversation(id).hasBefore) await ada.loadOlder(id);
  assert.deepEqual(
    ada.conversation(id).messages.map((m) => m.body),
    Array.from({ length: 120 }, (_, i) => `message ${i}`),
  );
});

test('channels can be found, joined, renamed and left', async () => {
  await using ada = await join('Ada');
  await using bob = await join('Bob');
  const title = `Garden ${crypto.randomUUID()}`;
  const { id } = await ada.createChannel({ title });
  const found = await bob.rest.channels(title);
  assert.deepEqual(
    found.items.map((c) => c.id),
    [id],
  );
  await bob.joinChannel(id);
  await ada.update(id, { topic: 'Roses' });
  await eventually(() => bob.conversation(id).conversation?.topic === 'Roses');
  assert.equal(ada.conversation(id).members.length, 2);
  await bob.leave(id);
  await eventually(() => ada.conversation(id).members.length === 1);
  assert.equal(
    bob.conversations().some((c) => c.id === id),
    false,
  );
});

test('a block keeps messages of a group from counting and direct ones from being sent, on all devices', async () => {
  await using ada = await join('Ada');
  await using bob = await join('Bob');
  const bobId = bob.me()?.id ?? '';
  const { id } = await ada.createGroup({ title: 'Block', memberIds: [bobId] });
  const direct = await ada.createDirect(bobId);
  await eventually(() => bob.conversations().length === 2);
  bob.send(id, 'one');
  await eventually(() => ada.conversation(id).unread === 1);
  const heard: string[] = [];
  ada.on('message', ({ message }) => heard.push(message.body));
  await ada.blocks.set(bobId, true);
  assert.deepEqual([...ada.blocks.ids], [bobId]);
  await eventually(() => ada.conversation(id).unread === 0, { message: 'what was unread is counted anew' });
  bob.send(id, 'two');
  bob.send(direct.id, 'direct');
  await eventually(() => ada.conversation(id).conversation?.lastMessage?.body === 'two');
  await eventually(() => bob.conversation(direct.id).pending[0]?.state === 'failed');
  assert.equal(ada.conversation(id).unread, 0);
  assert.deepEqual(heard, []);
  await ada.blocks.set(bobId, false);
  await eventually(() => ada.conversation(id).unread === 2);
  const clientMsgId = bob.conversation(direct.id).pending[0]?.clientMsgId ?? '';
  bob.retry(clientMsgId);
  await eventually(() => ada.conversation(direct.id).unread === 1);
});

test('a session that is ended elsewhere signs the client out', async () => {
  await using ada = await join('Ada');
  const { items } = await ada.rest.sessions();
  const signedOut = new Promise<unknown>((resolve) => ada.on('signed-out', resolve));
  await ada.rest.endSession(items[0]?.id ?? '');
  assert.deepEqual(await signedOut, { code: 'revoked' });
});

test('the hello example prints what the other person received', async () => {
  const example = fileURLToPath(new URL('../examples/hello.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [example, server.url], { timeout: 60_000 });
  assert.equal(stdout, 'Bob received: Hello, Bob!\n');
});

test('the offline example shows history without a network and sends later what was written then', async () => {
  const example = fileURLToPath(new URL('../examples/offline.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [example, server.url], { timeout: 60_000 });
  assert.equal(stdout, 'Without a network: written at home\nBack again: written at home, written on the train\n');
});
