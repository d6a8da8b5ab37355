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
  dir = mkdtempSync(join(tmpdir(), 'chat-offline-'));
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  const database = stack.use(await createDatabase());
  server = stack.use(await startTestServer(database.url));
});
after(() => stack.disposeAsync());

/** Nothing answers here: a device without a network, as far as the SDK can tell. */
const NOWHERE = 'http://127.0.0.1:9';

const live = (client: ChatClient) => eventually(() => client.connection().state === 'live', { message: 'live', deadlineMs: 20_000 });
const bodies = (client: ChatClient, id: string) => client.conversation(id).messages.map(({ body }) => body);

async function register(client: ChatClient, displayName: string): Promise<void> {
  await client.register({ email: `${crypto.randomUUID()}@example.org`, password: 'correct horse battery', displayName });
  client.start();
  await live(client);
}

/** One run of an app that keeps its store in this file. */
async function runApp<T>(path: string, url: string, use: (client: ChatClient) => Promise<T>): Promise<T> {
  await using store = await createNodeStore(path);
  await using client = createClient({ url, store, checkEveryMs: 0 });
  return await use(client);
}

test('history is there without a network, and what is written there arrives once when the network is back', async () => {
  const path = join(dir, 'ada.sqlite');
  await using bob = createClient({ url: server.url });
  await register(bob, 'Bob');
  const id = await runApp(path, server.url, async (ada) => {
    await register(ada, 'Ada');
    const { id } = await ada.createGroup({ title: 'Train', memberIds: [bob.me()?.id ?? ''] });
    await eventually(() => bob.conversations().some((c) => c.id === id));
    await Promise.all([ada.open(id), bob.open(id)]);
    for (const body of ['one', 'two']) bob.send(id, body);
    await eventually(() => bodies(ada, id).length === 2);
    await ada.react(id, ada.conversation(id).messages[0]?.id ?? '', '👍', true);
    await eventually(() => ada.user(bob.me()?.id ?? '')?.displayName === 'Bob');
    await eventually(async () => {
      await using copy = await createNodeStore(path);
      return (await copy.local?.loadLog('', id))?.messages[0]?.reactions.length === 1;
    });
    await ada.update(id, { topic: 'Seats' });
    await eventually(async () => {
      await using copy = await createNodeStore(path);
      return (await copy.local?.loadLog('', id))?.notes.length === 2;
    });
    return id;
  });

  bob.send(id, 'three');
  await eventually(() => bodies(bob, id).length === 3);
  await runApp(path, NOWHERE, async (ada) => {
    assert.equal((await ada.resume())?.user.displayName, 'Ada');
    ada.start();
    assert.equal(ada.conversations()[0]?.title, 'Train');
    await ada.open(id);
    assert.deepEqual(bodies(ada, id), ['one', 'two']);
    assert.deepEqual(
      ada.conversation(id).notes.map((note) => note.type === 'conversation' && note.data),
      [{ title: 'Train' }, { topic: 'Seats' }],
    );
    assert.equal(ada.conversation(id).messages[0]?.reactions[0]?.emoji, '👍');
    assert.equal(ada.user(bob.me()?.id ?? '')?.displayName, 'Bob');
    ada.send(id, 'from the tunnel');
    await eventually(async () => (await createStoreAndCount(path)) === 1);
  });

  await runApp(path, server.url, async (ada) => {
    await ada.resume();
    assert.deepEqual(
      ada.conversation(id).pending.map(({ body }) => body),
      ['from the tunnel'],
    );
    ada.start();
    await live(ada);
    await ada.open(id);
    await eventually(() => bodies(ada, id).length === 4);
    assert.deepEqual(bodies(ada, id), ['one', 'two', 'three', 'from the tunnel']);
    await eventually(() => ada.conversation(id).pending.length === 0);
    await eventually(async () => (await createStoreAndCount(path)) === 0);
  });
  await eventually(() => bodies(bob, id).length === 4);
  assert.deepEqual(bodies(bob, id), ['one', 'two', 'three', 'from the tunnel']);
});

async function createStoreAndCount(path: string): Promise<number> {
  await using store = await createNodeStore(path);
  return (await store.loadOutbox('')).length;
}

test('edits, deletions and reactions that were missed are folded into the stored history', async () => {
  const path = join(dir, 'missed.sqlite');
  await using bob = createClient({ url: server.url });
  await register(bob, 'Bob');
  const id = await runApp(path, server.url, async (ada) => {
    await register(ada, 'Ada');
    const { id } = await ada.createDirect(bob.me()?.id ?? '');
    await eventually(() => bob.conversations().some((c) => c.id === id));
    await Promise.all([ada.open(id), bob.open(id)]);
    for (const body of ['first', 'second', 'third']) ada.send(id, body);
    await eventually(() => bodies(ada, id).length === 3 && bodies(bob, id).length === 3);
    await eventually(async () => {
      await using copy = await createNodeStore(path);
      return (await copy.local?.loadLog('', id))?.messages.length === 3;
    });
    return id;
  });
  const [first, second] = bob.conversation(id).messages;
  await bob.react(id, first?.id ?? '', '🎉', true);
  await bob.pin(id, second?.id ?? '', true);
  await runApp(path, server.url, async (ada) => {
    await ada.resume();
    ada.start();
    await ada.open(id);
    await eventually(() => ada.conversation(id).messages[1]?.pinnedAt !== undefined, { deadlineMs: 20_000 });
    assert.deepEqual(ada.conversation(id).messages[0]?.reactions, [{ emoji: '🎉', count: 1, me: false }]);
    assert.deepEqual(bodies(ada, id), ['first', 'second', 'third']);
  });
});

test('what was read without a network is told after the app was started again', async () => {
  const path = join(dir, 'read.sqlite');
  await using bob = createClient({ url: server.url });
  await register(bob, 'Bob');
  const id = await runApp(path, server.url, async (ada) => {
    await register(ada, 'Ada');
    const { id } = await ada.createDirect(bob.me()?.id ?? '');
    await eventually(() => bob.conversations().some((c) => c.id === id));
    await bob.open(id);
    for (const body of ['one', 'two']) bob.send(id, body);
    await eventually(() => ada.conversation(id).unread === 2);
    return id;
  });
  await runApp(path, NOWHERE, async (ada) => {
    await ada.resume();
    assert.equal(ada.conversation(id).unread, 2);
    ada.markRead(id);
    assert.equal(ada.conversation(id).unread, 0);
  });
  await runApp(path, server.url, async (ada) => {
    await ada.resume();
    assert.equal(ada.conversation(id).unread, 0);
    ada.start();
    await eventually(() => bob.conversation(id).messages.every((m) => m.delivery === 'read'), { message: 'read', deadlineMs: 30_000 });
    await eventually(async () => {
      await using copy = await createNodeStore(path);
      return (await copy.local?.loadState(''))?.reads.length === 0;
    });
    assert.equal(ada.conversation(id).unread, 0);
  });
});

test('signing out leaves nothing of the account in the file', async () => {
  const path = join(dir, 'out.sqlite');
  await runApp(path, server.url, async (ada) => {
    await register(ada, 'Ada');
    await ada.createChannel({ title: 'Secret plans' });
    await eventually(async () => {
      await using copy = await createNodeStore(path);
      return ((await copy.local?.loadState(''))?.conversations.length ?? 0) > 0;
    });
    await ada.logout();
  });
  await using copy = await createNodeStore(path);
  assert.equal(await copy.local?.loadAccount(), undefined);
  assert.equal(await copy.loadRefreshToken(), undefined);
  assert.deepEqual((await copy.local?.loadState(''))?.conversations, []);
});

test('whom one has blocked is known without a network, and forgotten with the account', async () => {
  const path = join(dir, 'blocker.sqlite');
  await using bob = createClient({ url: server.url });
  await register(bob, 'Bob');
  const bobId = bob.me()?.id ?? '';
  await runApp(path, server.url, async (ada) => {
    await register(ada, 'Ada');
    await ada.blocks.set(bobId, true);
  });
  await runApp(path, NOWHERE, async (ada) => {
    await ada.resume();
    assert.deepEqual([...ada.blocks.ids], [bobId]);
  });
  await runApp(path, server.url, async (ada) => {
    await ada.resume();
    ada.start();
    await live(ada);
    await ada.logout();
    assert.equal(ada.blocks.ids.size, 0);
  });
  await runApp(path, NOWHERE, async (ada) => assert.equal(await ada.resume().catch(() => undefined), undefined));
});
