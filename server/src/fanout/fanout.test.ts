import { randomUUID } from 'node:crypto';
import { redisUrl, uniquePrefix } from '@chatcluster/tools/testing';
import { pino } from 'pino';
import { fanoutSuite, type Cluster, type Pod } from './fanout.suite.ts';
import { createHub } from './hub.ts';
import { createMemoryBus, createMemoryFanout } from './memory.ts';
import { createRoutedFanout } from './routed/routed.ts';
import { FakeStore, RecordingSocket } from './testing.ts';
import type { Fanout } from './types.ts';

const log = pino({ level: process.env.TEST_LOG ?? 'silent' });

export async function openCluster(create: (store: FakeStore) => Fanout): Promise<Cluster> {
  const store = new FakeStore();
  const pods = await Promise.all([1, 2, 3].map(async (): Promise<Pod> => {
    const fanout = create(store);
    await fanout.start();
    const connect = async (userId: string) => {
      const socket = new RecordingSocket(userId);
      await fanout.attach(socket);
      return socket;
    };
    return { fanout, connect };
  }));
  return {
    store,
    pods: pods as Cluster['pods'],
    async [Symbol.asyncDispose]() {
      await Promise.all(pods.map((pod) => pod.fanout[Symbol.asyncDispose]()));
    },
  };
}

fanoutSuite('memory', () => {
  const bus = createMemoryBus();
  return openCluster((store) => createMemoryFanout({ podId: randomUUID(), hub: createHub(), access: store.cache(), log, bus }));
});

export function routed(store: FakeStore, redisUrls: string[], redisPrefix: string): Fanout {
  return createRoutedFanout({
    podId: randomUUID(),
    hub: createHub(),
    access: store.cache(),
    log,
    redisUrls,
    redisPrefix,
    tail: store.tail,
    largeConversationsOf: (userId) => store.largeConversationsOf(userId),
  });
}

fanoutSuite('routed', () => {
  const prefix = uniquePrefix();
  return openCluster((store) => routed(store, [redisUrl()], prefix));
});
