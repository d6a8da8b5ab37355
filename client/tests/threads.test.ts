import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createDatabase, eventually } from '@chatcluster/tools/testing';
import { createClient, type ChatClient } from '../src/index.ts';
import { createNodeStore } from '../src/local/node-store.ts';
import { startTestServer, type TestServer } from './server.ts';

let stack: AsyncDisposableStack;
let server: TestServer;
let dir: string;

before(async () => {
  stack = new AsyncDisposableStack();
  dir = mkdtempSync(join(tmpdir(), 'chat-threads-'));
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  const database = stack.use(await createDatabase());
  server = stack.use(await startTestServer(database.url));
});
after(() => stack.disposeAsync());

/** Nothing answers here: a device without a network, as far as the SDK can tell. */
const NOWHERE = 'http://127.0.0.1:9';
const PASSWORD = 'correct horse battery';
const idOf = (client: ChatClient) => client.me()?.id ?? '';
const soon = <T>(message: string, condition: () => T | Promise<T>) => eventually(condition, { message, deadlineMs: 30_000 });

const live = (client: ChatClient) => soon('live', () => client.connection().state === 'live');

/** Gives the address to sign in with on another device. */
async function register(client: ChatClient, displayName: string): Promise<string> {
  const email = `${crypto.randomUUID()}@example.org`;
  await client.register({ email, password: PASSWORD, displayName });
  client.start();
  await live(client);
  return email;
}

async function say(client: ChatClient, conversationId: string, body: string, threadRoot?: string) {
  client.send(conversationId, { body, ...(threadRoot === undefined ? {} : { threadRoot }) });
  return soon(`"${body}" is stored`, () => client.conversation(conversationId).messages.find((message) => message.body === body));
}

const has = (client: ChatClient, id: string, body: string) => client.conversation(id).messages.some((message) => message.body === body);

test('answers in a thread are unread to those who began it or wrote in it, until they were there, on all of their devices', async () => {
  await using ada = createClient({ url: server.url });
  await using bob = createClient({ url: server.url });
  await using eve = createClient({ url: server.url });
  const email = await register(ada, 'Ada');
  await Promise.all([register(bob, 'Bob'), register(eve, 'Eve')]);
  const { id } = await ada.createGroup({ title: 'Group', memberIds: [idOf(bob), idOf(eve)] });
  for (const client of [bob, eve]) await soon('added', () => client.conversations().some((c) => c.id === id));
  for (const client of [ada, bob, eve]) await client.open(id);
  const root = await say(ada, id, 'Which room?');
  await say(bob, id, 'the larger one', root.id);
  const second = await say(bob, id, 'or the garden', root.id);
  bob.send(id, { body: 'a mere reply', replyTo: root.id });
  for (const client of [ada, eve]) await soon('all is there', () => has(client, id, 'a mere reply'));
  const unread = (client: ChatClient) => client.threads.unread(id, root.id);
  assert.deepEqual([unread(ada), unread(bob), unread(eve)], [2, 0, 0]);

  await using tablet = createClient({ url: server.url });
  await tablet.login({ email, password: PASSWORD });
  tablet.start();
  await live(tablet);
  await tablet.open(id);
  assert.equal(unread(tablet), 2);
  tablet.threads.markRead(id, root.id, second.seq - 1);
  assert.equal(unread(tablet), 1);
  await soon('the other device knows', () => unread(ada) === 1);
  // While this one is away.
  ada.stop();
  tablet.threads.markRead(id, root.id, second.seq);
  await soon('it is told', () => tablet.conversation(id).conversation?.me.threads?.[root.id] === second.seq);
  assert.equal(unread(ada), 1);
  ada.start();
  await soon('it is caught up', () => unread(ada) === 0);

  // Whoever writes has read what is before.
  await say(eve, id, 'I bring chairs', root.id);
  assert.equal(unread(eve), 0);
  const last = await say(bob, id, 'thank you', root.id);
  await soon('both see it', () => unread(eve) === 1 && unread(ada) === 2);
  await say(ada, id, 'see you', root.id);
  await soon('on the other device, too', () => unread(tablet) === 0 && unread(eve) === 2);
  await bob.remove(id, last.id);
  await soon('a deleted one is not unread', () => unread(eve) === 1);
  await eve.blocks.set(idOf(ada), true);
  assert.equal(unread(eve), 0, 'nothing of a blocked person is unread');
});

test('what was read in a thread without a network is told when there is one, also by the next run of the app', async () => {
  const path = join(dir, 'ada.sqlite');
  const runApp = async <T>(url: string, use: (client: ChatClient) => Promise<T>): Promise<T> => {
    await using store = await createNodeStore(path);
    await using client = createClient({ url, store, checkEveryMs: 0 });
    return await use(client);
  };
  await using bob = createClient({ url: server.url });
  await register(bob, 'Bob');
  const { id, rootId, seq, email } = await runApp(server.url, async (ada) => {
    const email = await register(ada, 'Ada');
    const { id } = await ada.createGroup({ title: 'Train', memberIds: [idOf(bob)] });
    await soon('added', () => bob.conversations().some((c) => c.id === id));
    await Promise.all([ada.open(id), bob.open(id)]);
    const root = await say(ada, id, 'Which train?');
    const answer = await say(bob, id, 'the early one', root.id);
    await soon('it is unread', () => ada.threads.unread(id, root.id) === 1);
    await soon('the copy has it', async () => {
      await using copy = await createNodeStore(path);
      return (await copy.local?.loadLog('', id))?.messages.length === 2;
    });
    return { id, rootId: root.id, seq: answer.seq, email };
  });
  await runApp(NOWHERE, async (ada) => {
    await ada.resume();
    ada.start();
    await ada.open(id);
    assert.equal(ada.threads.unread(id, rootId), 1);
    ada.threads.markRead(id, rootId, seq);
    assert.equal(ada.threads.unread(id, rootId), 0);
  });
  await using tablet = createClient({ url: server.url });
  await tablet.login({ email, password: PASSWORD });
  tablet.start();
  await live(tablet);
  await tablet.open(id);
  assert.equal(tablet.threads.unread(id, rootId), 1);
  await runApp(server.url, async (ada) => {
    await ada.resume();
    await ada.open(id);
    assert.equal(ada.threads.unread(id, rootId), 0);
    ada.start();
    await soon('the other device knows', () => tablet.threads.unread(id, rootId) === 0);
  });
});
