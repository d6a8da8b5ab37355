import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { Server } from 'socket.io';
import type { Cluster, Pod } from './fanout.suite.ts';
import { createHub } from './hub.ts';
import type { RoutedDeps } from './routed/core.ts';
import { createRoutedFanout, type RoutedFanout } from './routed/routed.ts';
import { createStreamsAdapterFanout } from './streams-adapter.ts';
import { FakeStore, RecordingSocket } from './testing.ts';
import type { Fanout } from './types.ts';

/** TEST_LOG=debug shows what the pods do. */
export const log = pino({ level: process.env.TEST_LOG ?? 'silent' });

export async function openCluster(create: (store: FakeStore) => Fanout, isOrdered = true): Promise<Cluster> {
  const store = new FakeStore();
  const pods = await Promise.all(
    [1, 2, 3].map(async (): Promise<Pod> => {
      const fanout = create(store);
      await fanout.start();
      const connect = async (userId: string) => {
        const socket = new RecordingSocket(userId);
        await fanout.attach(socket);
        return socket;
      };
      return { fanout, connect };
    }),
  );
  return {
    isOrdered,
    store,
    pods: pods as Cluster['pods'],
    async [Symbol.asyncDispose]() {
      await Promise.all(pods.map((pod) => pod.fanout[Symbol.asyncDispose]()));
    },
  };
}

function redisDeps(store: FakeStore, redisUrls: string[], redisPrefix: string): RoutedDeps {
  return {
    podId: randomUUID(),
    hub: createHub(),
    access: store.cache(),
    log,
    redisUrls,
    redisPrefix,
    tail: store.tail,
    largeConversationsOf: (userId) => store.largeConversationsOf(userId),
  };
}

export type Timing = Pick<RoutedDeps, 'heartbeatMs' | 'commandTimeoutMs'> & Partial<Pick<RoutedDeps, 'log'>>;

export function routed(store: FakeStore, redisUrls: string[], redisPrefix: string, timing: Timing = {}): RoutedFanout {
  return createRoutedFanout({ ...redisDeps(store, redisUrls, redisPrefix), ...timing });
}

export function streamsAdapter(store: FakeStore, redisUrls: string[], redisPrefix: string): RoutedFanout {
  return createStreamsAdapterFanout({ ...redisDeps(store, redisUrls, redisPrefix), io: new Server() });
}
