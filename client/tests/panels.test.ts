import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { createDatabase, eventually } from '@chatcluster/tools/testing';
import { type ChatClient, ChatError, createClient } from '../src/index.ts';
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
  await client.guest({ displayName });
  client.start();
  await eventually(() => client.connection().state === 'live', { message: `${displayName} is live`, deadlineMs: 20_000 });
  return client;
}

const idOf = (client: ChatClient) => client.me()?.id ?? '';
const refusedWith = (code: string) => (error: unknown) => error instanceof ChatError && error.code === code;

async function say(client: ChatClient, conversationId: string, input: Parameters<ChatClient['send']>[1]): Promise<string> {
  const clientMsgId = client.send(conversationId, input);
  const message = await eventually(
    () => client.conversation(conversationId).messages.find((m) => m.clientMsgId === clientMsgId || m.id === clientMsgId),
    { message: 'the message is stored', deadlineMs: 20_000 },
  );
  return message.id;
}

async function makeGroup(owner: ChatClient, others: ChatClient[], title = 'Group'): Promise<string> {
  const { id } = await owner.createGroup({ title, memberIds: others.map(idOf) });
  await eventually(() => others.every((client) => client.conversations().some((c) => c.id === id)), { deadlineMs: 20_000 });
  await Promise.all([owner, ...others].map((client) => client.open(id)));
  return id;
}

test('a thread shows its answers, grows while one looks, and counts without the deleted ones', async () => {
  await using ada = await join('Ada');
  await using bob = await join('Bob');
  const id = await makeGroup(ada, [bob]);
  const root = await say(ada, id, 'what do you think?');
  await say(bob, id, 'something else');
  const first = await say(bob, id, { body: 'first answer', threadRoot: root });
  await say(ada, id, { body: 'a reply counts too', replyTo: root });
  await ada.panels.openThread(id, root);
  const thread = () => ada.panels.thread(id, root);
  assert.deepEqual(
    thread().messages.map((m) => m.body),
    ['first answer', 'a reply counts too'],
  );
  assert.equal(thread().root?.replyCount, 2);
  await say(bob, id, { body: 'live answer', threadRoot: root });
  await eventually(() => thread().messages.length === 3 && thread().root?.replyCount === 3, { deadlineMs: 20_000 });
  await bob.edit(id, first, 'FIRST');
  await eventually(() => thread().messages[0]?.body === 'FIRST', { deadlineMs: 20_000 });
  await bob.remove(id, first);
  await eventually(() => thread().root?.replyCount === 2 && thread().messages[0]?.deletedAt, { deadlineMs: 20_000 });
  assert.equal(ada.conversation(id).messages.find((m) => m.id === root)?.replyCount, 2);
  const fresh = await ada.rest.thread(id, root);
  assert.equal(fresh.root.replyCount, 2);
});

test('a long thread loads in pages', async () => {
  await using ada = await join('Ada');
  const id = await makeGroup(ada, []);
  const root = await say(ada, id, 'root');
  for (let i = 0; i < 60; i += 1) {
    await ada.rest.sendMessage(id, { body: `answer ${i}`, threadRoot: root, clientMsgId: crypto.randomUUID() });
  }
  await ada.panels.openThread(id, root);
  assert.equal(ada.panels.thread(id, root).messages.length, 50);
  assert.equal(ada.panels.thread(id, root).hasBefore, true);
  await ada.panels.loadOlder(id, root);
  const { messages, hasBefore } = ada.panels.thread(id, root);
  assert.equal(hasBefore, false);
  assert.deepEqual(
    messages.map((m) => m.body),
    Array.from({ length: 60 }, (_, i) => `answer ${i}`),
  );
});

test('pins come and go while one looks, and with what was missed meanwhile', async () => {
  await using ada = await join('Ada');
  await using bob = await join('Bob');
  const id = await makeGroup(ada, [bob]);
  const one = await say(ada, id, 'one');
  const two = await say(ada, id, 'two');
  await ada.pin(id, one, true);
  await bob.panels.openPins(id);
  const pinned = () => bob.panels.pins(id).messages.map((m) => m.body);
  assert.deepEqual(pinned(), ['one']);
  await ada.pin(id, two, true);
  await eventually(() => pinned().join() === 'two,one', { deadlineMs: 20_000 });
  bob.stop();
  await ada.pin(id, one, false);
  await ada.remove(id, two);
  bob.start();
  await eventually(() => pinned().length === 0, { deadlineMs: 20_000 });
});

test('a forwarded message carries its words and its origin, and only what the sender may read', async () => {
  await using ada = await join('Ada');
  await using bob = await join('Bob');
  const [from, to] = [await makeGroup(ada, [], 'Private'), await makeGroup(ada, [bob], 'Shared')];
  const original = await say(ada, from, 'worth telling');
  ada.forward({ id: original, conversationId: from, body: 'something else' }, [to]);
  const message = await eventually(() => bob.conversation(to).messages.at(-1), { deadlineMs: 20_000 });
  assert.equal(message.body, 'worth telling');
  assert.equal(message.forwardedFrom?.messageId, original);
  assert.equal(message.forwardedFrom?.actorId, idOf(ada));
  // Again from there: the origin stays the first one.
  bob.forward(message, [to]);
  const second = await eventually(() => bob.conversation(to).messages.find((m) => m.actorId === idOf(bob)), { deadlineMs: 20_000 });
  assert.equal(second.forwardedFrom?.messageId, original);
  const theft = { body: 'x', clientMsgId: crypto.randomUUID(), forward: { conversationId: from, messageId: original } };
  await assert.rejects(bob.rest.sendMessage(to, theft), refusedWith('not_found'));
  await ada.remove(from, original);
  await assert.rejects(ada.rest.sendMessage(to, { ...theft, clientMsgId: crypto.randomUUID() }), refusedWith('conflict'));
});

test('@all counts as a mention of everybody, and is for owners and admins', async () => {
  await using ada = await join('Ada');
  await using bob = await join('Bob');
  const id = await makeGroup(ada, [bob]);
  await say(ada, id, { body: '@all wake up', mentionAll: true });
  await eventually(() => bob.conversation(id).mentions === 1, { deadlineMs: 20_000 });
  const fresh = await bob.rest.conversation(id);
  assert.equal(fresh.me.mentions, 1);
  assert.equal(fresh.lastMessage?.mentionAll, true);
  const shout = { body: '@all', mentionAll: true, clientMsgId: crypto.randomUUID() };
  await assert.rejects(bob.rest.sendMessage(id, shout), refusedWith('forbidden'));
  await ada.setRole(id, idOf(bob), 'admin');
  await bob.rest.sendMessage(id, shout);
  await eventually(() => ada.conversation(id).mentions === 1, { deadlineMs: 20_000 });
});

test('who joined later sees neither answers, pins nor receipts from before', async () => {
  await using ada = await join('Ada');
  await using eve = await join('Eve');
  const id = await makeGroup(ada, []);
  const root = await say(ada, id, 'before Eve');
  await say(ada, id, { body: 'answer', threadRoot: root });
  await ada.pin(id, root, true);
  await assert.rejects(eve.rest.thread(id, root), refusedWith('not_found'));
  await ada.addMembers(id, [idOf(eve)]);
  await assert.rejects(eve.rest.thread(id, root), refusedWith('not_found'));
  await assert.rejects(eve.rest.message(id, root), refusedWith('not_found'));
  await assert.rejects(eve.rest.messageReceipts(id, root), refusedWith('not_found'));
  assert.deepEqual((await eve.rest.pins(id)).messages, []);
  assert.equal((await ada.rest.pins(id)).messages.length, 1);
});
