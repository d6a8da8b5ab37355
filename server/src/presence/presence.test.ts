import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, test } from 'node:test';
import type { Presence as WirePresence, PresenceSetting } from '@chatcluster/protocol';
import { eventually, redisUrl, uniquePrefix } from '@chatcluster/tools/testing';
import { Redis } from 'ioredis';
import { log, routed } from '../fanout/testing-cluster.ts';
import { FakeStore, RecordingSocket } from '../fanout/testing.ts';
import type { PresenceBackend } from './backend.ts';
import { createMemoryPresence, createPresenceBus } from './memory-backend.ts';
import { createPresence, type Presence } from './presence.ts';

interface Pod extends AsyncDisposable {
  presence: Presence;
  told: { socketId: string; presence: WirePresence }[];
  /** Gives the function that disconnects. */
  connect(userId: string, setting?: PresenceSetting): Promise<() => void>;
}

const SEEN_AT = '2026-01-01T00:00:00.000Z';

function createPod(backend: PresenceBackend, attach: (userId: string) => Promise<() => void>, dispose: () => PromiseLike<void>): Pod {
  const told: Pod['told'] = [];
  const presence = createPresence({
    backend,
    deliver: (socketId, shown) => void told.push({ socketId, presence: shown }),
    lastSeen: async (ids) => new Map(ids.map((id) => [id, SEEN_AT])),
    log,
  });
  return {
    presence,
    told,
    async connect(userId, setting = 'online') {
      const detach = await attach(userId);
      presence.connected(userId, setting);
      return () => {
        detach();
        presence.disconnected(userId);
      };
    },
    async [Symbol.asyncDispose]() {
      await presence[Symbol.asyncDispose]();
      await dispose();
    },
  };
}

async function openRouted(prefix: string): Promise<Pod> {
  const fanout = routed(new FakeStore(), [redisUrl()], prefix);
  const pod = createPod(
    fanout.presence,
    async (userId) => {
      const socket = new RecordingSocket(userId);
      await fanout.attach(socket);
      return () => fanout.detach(socket);
    },
    () => fanout[Symbol.asyncDispose](),
  );
  await fanout.start();
  return pod;
}

type Open = () => Promise<[Pod, Pod]>;

const status = async (pod: Pod, userId: string): Promise<string | undefined> =>
  (await pod.presence.watch(randomUUID(), [userId]))[userId]?.status;

function presenceSuite(name: string, open: Open): void {
  describe(`presence: ${name}`, { timeout: 60_000 }, () => {
    test('tells watchers on another pod when a user comes, changes the setting and hides', async () => {
      const [one, two] = await open();
      await using stack = new AsyncDisposableStack();
      [one, two].forEach((pod) => stack.use(pod));
      const userId = randomUUID();
      assert.deepEqual(await two.presence.watch('s1', [userId]), { [userId]: { userId, status: 'offline', lastSeenAt: SEEN_AT } });
      await one.connect(userId);
      // Who changes the setting in the moment of coming is not told to be online before.
      await eventually(() => two.told.length === 1);
      await one.presence.set(userId, 'dnd');
      await one.presence.set(userId, 'invisible');
      await eventually(() => two.told.length === 3);
      assert.deepEqual(
        two.told.map((t) => [t.socketId, t.presence.status, t.presence.lastSeenAt]),
        [
          ['s1', 'online', null],
          ['s1', 'dnd', null],
          ['s1', 'offline', SEEN_AT],
        ],
      );
    });

    test('keeps a user online for ten seconds after the last socket, and through a reconnect', async () => {
      const [one, two] = await open();
      await using stack = new AsyncDisposableStack();
      [one, two].forEach((pod) => stack.use(pod));
      const [stays, goes] = [randomUUID(), randomUUID()];
      const leave = [await one.connect(stays), await one.connect(goes)];
      await eventually(async () => (await status(two, stays)) === 'online' && (await status(two, goes)) === 'online');
      await two.presence.watch('s1', [stays, goes]);
      const left = Date.now();
      leave.forEach((disconnect) => disconnect());
      await two.connect(stays);
      const offline = await eventually(() => two.told.find((t) => t.presence.status === 'offline'), { deadlineMs: 20_000 });
      assert.equal(offline.presence.userId, goes);
      assert.ok(Date.now() - left >= 9_900, `offline after ${Date.now() - left} ms`);
      assert.equal(await status(two, stays), 'online');
    });

    test('replaces the list of a socket and forgets it on unwatch', async () => {
      const [one, two] = await open();
      await using stack = new AsyncDisposableStack();
      [one, two].forEach((pod) => stack.use(pod));
      const [a, b, c] = [randomUUID(), randomUUID(), randomUUID()];
      await two.presence.watch('s1', [a, b]);
      await two.presence.watch('s1', [b]);
      await two.presence.watch('s2', [c]);
      two.presence.unwatch('s2');
      for (const userId of [a, c, b]) await one.connect(userId);
      await eventually(() => two.told.length > 0);
      assert.deepEqual(
        two.told.map((t) => t.presence.userId),
        [b],
      );
    });
  });
}

presenceSuite('memory', async () => {
  const bus = createPresenceBus();
  const pod = () =>
    createPod(
      createMemoryPresence({ bus }),
      async () => () => undefined,
      async () => undefined,
    );
  return [pod(), pod()];
});

presenceSuite('redis', async () => {
  const prefix = uniquePrefix();
  return [await openRouted(prefix), await openRouted(prefix)];
});

test('takes the users of a dead pod offline, and puts presence back after FLUSHALL', { timeout: 60_000 }, async () => {
  const prefix = uniquePrefix();
  await using one = await openRouted(prefix);
  await using two = await openRouted(prefix);
  const [alive, dead] = [randomUUID(), randomUUID()];
  await one.connect(alive, 'away');
  await two.presence.watch('s1', [alive, dead]);
  await eventually(async () => (await status(two, alive)) === 'away');
  const client = new Redis(redisUrl());
  // A pod that left its users and its name behind, and no lease.
  await client.sadd(`${prefix}route:user:${dead}`, 'dead-pod');
  await client.sadd(`${prefix}pod:dead-pod:users`, dead);
  await client.set(`${prefix}presence:shown:${dead}`, 'online');
  await client.sadd(`${prefix}pods`, 'dead-pod');
  await eventually(async () => (await client.exists(`${prefix}presence:shown:${dead}`, `${prefix}route:user:${dead}`)) === 0, {
    deadlineMs: 30_000,
  });
  const mine = await client.keys(`${prefix}*`);
  await client.del(mine);
  client.disconnect();
  await eventually(async () => (await status(two, alive)) === 'away', { message: 'the setting did not come back' });
  await one.presence.set(alive, 'dnd');
  await eventually(() => two.told.at(-1)?.presence.status === 'dnd', { message: 'the watch did not come back' });
});

test('shares a token bucket between pods', async () => {
  const prefix = uniquePrefix();
  await using one = routed(new FakeStore(), [redisUrl()], prefix);
  await using two = routed(new FakeStore(), [redisUrl()], prefix);
  await Promise.all([one.start(), two.start()]);
  const results = [];
  for (let i = 0; i < 6; i += 1) results.push(await (i % 2 ? one : two).takeTokens('user:1', 1, 0.1, 5));
  assert.deepEqual(
    results.map((r) => r.granted),
    [true, true, true, true, true, false],
  );
  assert.ok(results[5]!.retryAfterMs > 8_000);
});
