import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { it } from 'node:test';
import { redisUrl, uniquePrefix } from '@chatcluster/tools/testing';
import { fanoutSuite } from './fanout.suite.ts';
import { createHub } from './hub.ts';
import { createMemoryBus, createMemoryFanout } from './memory.ts';
import { createRedis } from './redis.ts';
import { log, openCluster, routed, streamsAdapter } from './testing-cluster.ts';
import { FakeStore, RecordingSocket } from './testing.ts';

fanoutSuite('memory', () => {
  const bus = createMemoryBus();
  return openCluster((store) => createMemoryFanout({ podId: randomUUID(), hub: createHub(), access: store.cache(), log, bus }));
});

fanoutSuite('routed', () => {
  const prefix = uniquePrefix();
  return openCluster((store) => routed(store, [redisUrl()], prefix));
});

fanoutSuite('streams-adapter', () => {
  const prefix = uniquePrefix();
  return openCluster((store) => streamsAdapter(store, [redisUrl()], prefix), false);
});

it('leaves no route of a socket that went while it came', async () => {
  const prefix = uniquePrefix();
  await using redis = createRedis({ url: redisUrl(), prefix, log });
  const client = redis.connect();
  await using fanout = routed(new FakeStore(), [redisUrl()], prefix);
  await fanout.start();
  const [gone, back] = [new RecordingSocket(randomUUID()), new RecordingSocket(randomUUID())];
  const came = [gone, back].map((socket) => fanout.attach(socket));
  for (const socket of [gone, back]) fanout.detach(socket);
  await Promise.all([...came, fanout.attach(back)]);
  const routes = await Promise.all([gone, back].map(({ userId }) => client.scard(`${prefix}route:user:${userId}`)));
  client.disconnect();
  assert.deepEqual(routes, [0, 1]);
});
