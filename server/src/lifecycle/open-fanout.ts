import type { Server } from 'socket.io';
import type { Config } from '../config.ts';
import type { FanoutDeps } from '../fanout/deps.ts';
import { createMemoryFanout } from '../fanout/memory.ts';
import { createRoutedFanout, type RoutedFanout } from '../fanout/routed/routed.ts';
import { createStreamsAdapterFanout } from '../fanout/streams-adapter.ts';
import { createSweeper } from '../fanout/sweeper.ts';
import type { Lease } from '../fanout/routed/server.ts';
import type { Fanout } from '../fanout/types.ts';
import type { PresenceBackend } from '../presence/backend.ts';
import { createMemoryPresence } from '../presence/memory-backend.ts';
import type { Store } from '../store/store.ts';
import type { LeaseFigures } from './figures.ts';

export interface OpenFanoutDeps extends FanoutDeps {
  store: Store;
  io: Server;
  isPostgresReachable(): boolean;
  takesSockets(): boolean;
  figures(): LeaseFigures;
}

export interface OpenFanout extends AsyncDisposable {
  fanout: Fanout;
  presence: PresenceBackend;
  /** Absent without Redis. */
  takeTokens?: RoutedFanout['takeTokens'];
  pods?: RoutedFanout['pods'];
  servers?: RoutedFanout['servers'];
  /** What this pod says of itself. */
  lease(): Lease;
}

/** The tail reads published batches this long after. */
const KEEP_PUBLISHED_MS = 600_000;
/** `prunePublished` deletes at most this many in one call. */
const PRUNE_AT_ONCE = 5_000;

/** The fan-out that the configuration names, and what hangs on the same Redis. */
export function openFanout(config: Config, deps: OpenFanoutDeps): OpenFanout {
  const { store } = deps;
  const lease = (): Lease => ({
    version: config.version,
    connections: deps.hub.size,
    takesSockets: deps.takesSockets(),
    postgres: deps.isPostgresReachable(),
    figures: deps.figures(),
  });
  const opened = config.fanout === 'memory' ? openMemory(deps) : openRedis(config, { ...deps, lease });
  const stop = new AbortController();
  const isSweeper = config.role === 'all' || config.role === 'worker';
  const sweeper = createSweeper({
    claimOutbox: store.claimOutbox,
    readRanges: store.readRanges,
    pruneOutbox: () => prune(store),
    access: deps.access,
    publish: (batch) => opened.fanout.publish(batch),
    canPublish: () => opened.fanout.isHealthy(),
    log: deps.log,
  });
  const sweeping = isSweeper ? sweeper.run(stop.signal) : Promise.resolve();
  return {
    ...opened,
    lease,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await sweeping;
      await opened.fanout[Symbol.asyncDispose]();
    },
  };
}

async function prune(store: Store): Promise<void> {
  let deleted: number;
  do {
    deleted = await store.prunePublished(KEEP_PUBLISHED_MS);
  } while (deleted >= PRUNE_AT_ONCE);
}

type Opened = Omit<OpenFanout, typeof Symbol.asyncDispose | 'lease'>;

function openMemory(deps: OpenFanoutDeps): Opened {
  return { fanout: createMemoryFanout(deps), presence: createMemoryPresence() };
}

function openRedis(config: Config, deps: OpenFanoutDeps & { lease(): Lease }): Opened {
  const { store } = deps;
  const options = {
    ...deps,
    redisUrls: config.redisUrls,
    redisPrefix: config.redisPrefix,
    redisCa: config.redisCa,
    tail: store,
    largeConversationsOf: (userId: string) => store.listLargeConversations(userId),
  };
  const routed = config.fanout === 'streams-adapter' ? createStreamsAdapterFanout(options) : createRoutedFanout(options);
  return { fanout: routed, presence: routed.presence, takeTokens: routed.takeTokens, pods: routed.pods, servers: routed.servers };
}
