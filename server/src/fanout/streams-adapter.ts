import { createAdapter } from '@socket.io/redis-streams-adapter';
import type { ServerEvents } from '@chatcluster/protocol';
import type { Namespace, Server } from 'socket.io';
import type { Routing } from '../store/types.ts';
import { createAdapterClient } from './adapter-client.ts';
import { toArrival, WAIT_MS, type Arrival } from './deliver.ts';
import { encodeEvent } from './encode.ts';
import { within } from './lanes.ts';
import { conversationRoom, userRoom, usersOfRooms } from './rooms.ts';
import { RoutedCore, type RoutedDeps } from './routed/core.ts';
import { shared, type RoutedFanout } from './routed/routed.ts';
import type { Publish } from './types.ts';

/** Travels as the second argument of `entries`; the receiving pod takes it off. */
interface Meta {
  memberVersion: number;
  routing: Routing;
}

/** The part of the stock adapter that the override touches. */
interface StockAdapter {
  onMessage(message: StockMessage, offset?: string): void;
  doPublish(message: StockMessage): Promise<string>;
  close(): void;
}

interface StockMessage {
  uid: string;
  nsp: string;
  type: number;
  data?: { packet?: { data?: unknown[] }; opts?: { rooms: string[] } };
}

const BROADCAST = 3;

/**
 * FANOUT=streams-adapter: messages go through `io.to(room).emit` and the stock adapter's one stream that every pod reads.
 * Presence, droppable events, leases and control use the routes as in `routed`, so that the two modes differ in the
 * messages' way only. The stream is not trusted: the tail is read every second.
 */
export function createStreamsAdapterFanout(deps: RoutedDeps & { io: Server }): RoutedFanout {
  const core = new RoutedCore(deps, { tailAlways: true });
  const [url] = deps.redisUrls;
  if (url === undefined) throw new Error('FANOUT=streams-adapter needs a Redis server');
  const redis = createAdapterClient(url, deps.log, deps.redisCa);
  const stock = createAdapter(redis.client, { streamName: `${deps.redisPrefix}adapter`, channelPrefix: `${deps.redisPrefix}adapter` });
  const added: { last: Promise<unknown> } = { last: Promise.resolve() };
  let adapter: StockAdapter | undefined;
  // Socket.IO calls it with `new`: no arrow function.
  deps.io.adapter(function createOverridden(nsp: Namespace) {
    adapter = override(stock(nsp) as unknown as StockAdapter, core, added);
    return adapter;
  } as never);
  const parts = shared(core);
  return {
    ...parts,
    mode: 'streams-adapter',
    publish: (batch) => publish({ core, io: deps.io, isReady: () => redis.client.status === 'ready', added }, batch),
    async [Symbol.asyncDispose]() {
      // Closed before its connections, else its poll loop would go on trying.
      adapter?.close();
      redis[Symbol.dispose]();
      await parts[Symbol.asyncDispose]();
    },
  };
}

interface Way {
  core: RoutedCore;
  io: Server;
  isReady(): boolean;
  added: { last: Promise<unknown> };
}

async function publish({ core, io, isReady, added }: Way, batch: Publish): Promise<boolean> {
  const { conversationId, entries, memberVersion, routing } = batch;
  const arrival = toArrival(batch, encodeEvent('entries', { conversationId, entries }));
  let told = false;
  if (isReady() && core.serverOf(conversationId).redis.isUsable()) {
    const rooms = arrival.recipients.map(userRoom);
    if (routing === 'conversation') rooms.push(conversationRoom(conversationId));
    if (rooms.length > 0) io.to(rooms).emit('entries', { conversationId, entries }, { memberVersion, routing } satisfies Meta);
    // Stock `emit` drops the outcome of its XADD; the override of doPublish has kept it, in this very tick.
    told = rooms.length === 0 || (await within(WAIT_MS, added.last).catch(() => false));
  }
  await deliver(core, arrival);
  return told;
}

async function deliver({ deliverer }: RoutedCore, arrival: Arrival): Promise<void> {
  await deliverer.lanes.run(arrival.conversationId, arrival.fromSeq, () => deliverer.deliver(arrival));
}

/** Entries of other pods go to the hub, which checks the member version (G6) and counts what a slow socket has unread (G7). */
function override(adapter: StockAdapter, core: RoutedCore, added: { last: Promise<unknown> }): StockAdapter {
  const onMessage = adapter.onMessage.bind(adapter);
  const doPublish = adapter.doPublish.bind(adapter);
  const own = new Set<string>();
  adapter.doPublish = (message) => {
    own.add(message.uid);
    const result = doPublish(message);
    added.last = result;
    result.catch((error: unknown) => core.deps.log.debug({ err: error }, 'adapter could not publish'));
    return result;
  };
  adapter.onMessage = (message, offset) => {
    const arrival = message.type === BROADCAST ? toRemoteArrival(message) : undefined;
    if (!arrival) return onMessage(message, offset);
    if (!own.has(message.uid)) void deliver(core, arrival);
  };
  return adapter;
}

function toRemoteArrival({ data }: StockMessage): Arrival | undefined {
  const [event, payload, meta] = (data?.packet?.data ?? []) as [string?, ServerEvents['entries']?, Meta?];
  const first = payload?.entries?.[0];
  const last = payload?.entries?.at(-1);
  if (event !== 'entries' || !payload || !first || !last || !meta) return undefined;
  return {
    conversationId: payload.conversationId,
    fromSeq: first.seq,
    toSeq: last.seq,
    memberVersion: meta.memberVersion,
    routing: meta.routing,
    recipients: usersOfRooms(data?.opts?.rooms ?? []),
    packet: encodeEvent('entries', payload),
  };
}
