import { randomUUID } from 'node:crypto';
import type { Config } from '../config.ts';
import type { RoutedFanout } from '../fanout/routed/routed.ts';
import { createDrain, type DrainDeps } from '../ingest/drain-queue.ts';
import { createGate, type Gate } from '../ingest/gate.ts';
import type { Lane } from '../ingest/ingest.ts';
import { createQueueRedis, type QueueRedis } from '../ingest/queue-redis.ts';
import { createQueue } from '../ingest/queue.ts';
import type { Logger } from '../log.ts';

export interface OpenQueueDeps {
  /** Absent: no Redis, no queue. */
  servers?: RoutedFanout['servers'];
  isPostgresReachable(): boolean;
  log: Logger;
}

/** How what was queued is stored: the rules' part of draining. */
type StoreQueued = Pick<DrainDeps, 'authorise' | 'append' | 'onStale' | 'onCommitted' | 'onRejected'>;

export interface OpenQueue extends AsyncDisposable {
  laneOf(conversationId: string): Lane | undefined;
  /** Postgres has gone or come. */
  look(): void;
  /** Takes sends, and where this role may, drains. Call it when the leases are out. */
  start(storeQueued: StoreQueued): Promise<void>;
}

type ServerLane = Lane & { gate: Gate; redis: QueueRedis };

/** Time for a start: a Redis that is away must not keep the pod from serving. */
const START_MS = 2_000;

/** The durable queue of each Redis server, for the sends of its conversations. */
export function openQueue(config: Pick<Config, 'role' | 'podId'>, { servers, log, ...deps }: OpenQueueDeps): OpenQueue {
  const lanes = new Map<unknown, ServerLane>();
  const stop = new AbortController();
  const token = `${config.podId} ${randomUUID()}`;
  let draining: Promise<unknown> = Promise.resolve();
  for (const server of servers?.all ?? []) {
    const redis = createQueueRedis(server.redis);
    const gate = createGate({
      isPostgresReachable: deps.isPostgresReachable,
      isRedisUsable: () => server.redis.isUsable(),
      tellLease: async () => {
        await server.check();
        return server.told?.postgres === true;
      },
      listPending: async () => (await redis.call('pending', [])) as string[],
      log,
    });
    lanes.set(server, { gate, redis, queue: createQueue({ redis }) });
  }
  servers?.onRecovered(async (server) => lanes.get(server)?.gate.refresh());

  return {
    laneOf: (conversationId) => servers && lanes.get(servers.of(conversationId)),
    look() {
      for (const { gate } of lanes.values()) gate.look();
      // The others must not wait a second for the word that may let them queue.
      for (const server of servers?.all ?? []) void server.check();
    },
    async start(storeQueued) {
      await Promise.all([...lanes.values()].map(({ gate }) => gate.opened(START_MS)));
      if (config.role !== 'all' && config.role !== 'worker') return;
      draining = Promise.all(
        [...lanes.values()].map(({ redis }) => createDrain({ ...deps, ...storeQueued, redis, token, log }).run(stop.signal)),
      );
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await draining;
      for (const { gate, redis } of lanes.values()) {
        gate[Symbol.dispose]();
        await redis[Symbol.asyncDispose]();
      }
    },
  };
}
