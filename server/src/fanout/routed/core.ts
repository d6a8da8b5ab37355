import { setTimeout as wait } from 'node:timers/promises';
import { batched } from '../../batched.ts';
import type { Routing } from '../../store/types.ts';
import { createDeliverer, type Deliverer } from '../deliver.ts';
import type { FanoutDeps, TailStore } from '../deps.ts';
import { encodeEvent } from '../encode.ts';
import { within } from '../lanes.ts';
import { createRedis } from '../redis.ts';
import { pickServer } from '../rendezvous.ts';
import { createTail, type Tail } from '../tail.ts';
import type { ControlMessage, Fanout, HubSocket } from '../types.ts';
import { createLargeRoutes, type LargeRoutes } from './large-routes.ts';
import type { Fields } from './reader.ts';
import { type Lease, RoutedServer } from './server.ts';

export interface RoutedDeps extends FanoutDeps {
  redisUrls: string[];
  redisPrefix: string;
  /** PEM of the CA of their certificates. @default the public ones */
  redisCa?: string | undefined;
  tail: TailStore;
  /** Conversations with routing `conversation` of which the user is a member now. */
  largeConversationsOf(userId: string): Promise<string[]>;
  lease?: () => Lease;
  /** Longest inbox, in entries (approximate); a pod further behind finds the rest by the tail. @default 100000 */
  maxInbox?: number;
  /** @default 1000 */
  heartbeatMs?: number;
  /** How long an answer of Redis is waited for. @default 250 */
  commandTimeoutMs?: number;
  /** Between two readings of the tail while it carries the entries. @default 700 */
  tailMs?: number;
}

export type NamedServer = RoutedServer & { name: string };

/** Offline ten seconds after the last socket (protocol.md 6). */
const OFFLINE_GRACE_MS = 10_000;
const MAX_VOLATILE = 1_000;
/**
 * The tail is read this much longer after Redis was away: other pods may not have found Redis again yet, and what they commit
 * until then waits in the outbox behind everything that the outage left there.
 */
const SETTLE_MS = 5_000;
/** Longest wait of new entries for those that were missed: a Postgres that is slow must not hold them up. */
const CATCH_UP_MS = 2_000;

/**
 * What both Redis modes share: routes, leases, inboxes for everything but (in streams-adapter mode) the messages,
 * and the tail that heals them.
 */
export class RoutedCore implements AsyncDisposable {
  readonly deps: RoutedDeps;
  readonly deliverer: Deliverer;
  readonly servers: NamedServer[];
  readonly large: LargeRoutes;
  readonly abort = new AbortController();
  readonly #tail: Tail;
  readonly #control = new Set<(message: ControlMessage) => void>();
  readonly #presence = new Set<(userId: string, status: string) => void>();
  readonly #recovered = new Set<(server: NamedServer) => Promise<void>>();
  readonly #tailAlways: boolean;
  /** Publishes of this pod that Redis holds, by conversation and seq: they come back by the inbox. */
  readonly #held = new Map<string, () => void>();
  /** Whoever has left meanwhile would keep a route that nothing takes away. */
  readonly #register = batched(async (userIds: string[]) => {
    const here = userIds.filter((userId) => this.deps.hub.socketsOf(userId).size > 0);
    await Promise.all(this.servers.map((server) => server.register('attach', here)));
    return () => undefined;
  });
  #hasGap = true;
  #catchingUp: { done: Promise<unknown>; end(): void } | undefined;
  #tailUntil = 0;
  #wake = () => {};
  #loop: Promise<void> | undefined;

  constructor(deps: RoutedDeps, options: { tailAlways: boolean }) {
    this.deps = deps;
    this.#tailAlways = options.tailAlways;
    this.deliverer = createDeliverer(deps);
    this.#tail = createTail({ store: deps.tail, deliverer: this.deliverer, log: deps.log });
    this.servers = deps.redisUrls.map((url) => this.#createServer(url));
    this.large = createLargeRoutes({ deps, servers: this.servers });
  }

  #createServer(url: string): NamedServer {
    const { deps } = this;
    const server: NamedServer = Object.assign(
      new RoutedServer({
        redis: createRedis({
          url,
          prefix: deps.redisPrefix,
          log: deps.log,
          ca: deps.redisCa,
          commandTimeoutMs: deps.commandTimeoutMs,
        }),
        podId: deps.podId,
        log: deps.log,
        lease: () => deps.lease?.() ?? { version: '', connections: deps.hub.size, takesSockets: true, postgres: true },
        users: () => deps.hub.users(),
        conversations: () => this.large.joined(),
        onEntry: (fields) => this.#onEntry(fields),
        onVolatile: (fields) => this.#write(fields, true),
        onRecovering: () => this.#beginCatchingUp(),
        onRecovered: () => this.#onRecovered(server),
        caughtUp: () => this.caughtUp(),
        heartbeatMs: deps.heartbeatMs,
      }),
      { name: url },
    );
    return server;
  }

  serverOf(key: string): NamedServer {
    return pickServer(this.servers, key);
  }

  isHealthy(): boolean {
    return !this.#hasGap && this.servers.every((server) => server.isHealthy());
  }

  async start(): Promise<void> {
    // The mark must stand before the first socket: without it nobody could say what was missed.
    await this.#closeGap();
    await Promise.all(this.servers.map((server) => server.start()));
    this.#loop = this.#watchTail();
  }

  async attach(socket: HubSocket): Promise<void> {
    const { hub } = this.deps;
    hub.attach(socket);
    this.deliverer.large.userArrived(socket.userId);
    await Promise.all([this.#register(socket.userId), this.large.arrived(socket.userId)]);
  }

  detach(socket: HubSocket): void {
    const { hub } = this.deps;
    const isBack = (userId: string) => hub.socketsOf(userId).size > 0;
    hub.detach(socket);
    if (isBack(socket.userId)) return;
    this.deliverer.large.userLeft(socket.userId);
    this.large.left(socket.userId);
    for (const server of this.servers) void server.unregister('detach', [socket.userId], isBack, [OFFLINE_GRACE_MS]);
  }

  readonly toUsers: Fanout['toUsers'] = (userIds, event, payload, options = {}) => {
    const [first] = userIds;
    if (first === undefined) return;
    const packet = encodeEvent(event, payload);
    const droppable = options.droppable ?? true;
    this.deps.hub.toUsers(userIds, packet, droppable, options.exceptSocketId);
    const args = [this.deps.podId, MAX_VOLATILE, this.maxInbox, options.exceptSocketId ?? '', droppable ? 1 : 0, packet.text, ...userIds];
    this.#hand(this.#usable(first), 'to_users', args);
  };

  broadcast(message: ControlMessage): void {
    this.#control.forEach((handler) => handler(message));
    this.#hand(this.#usable('control'), 'control', [this.deps.podId, this.maxInbox, JSON.stringify(message)]);
  }

  onControl(handler: (message: ControlMessage) => void): void {
    this.#control.add(handler);
  }

  onPresence(handler: (userId: string, status: string) => void): void {
    this.#presence.add(handler);
  }

  onServerRecovered(handler: (server: NamedServer) => Promise<void>): void {
    this.#recovered.add(handler);
  }

  get maxInbox(): number {
    return this.deps.maxInbox ?? 100_000;
  }

  /** Leases of the pods that live, as one server sees them; null while none answers. */
  async pods(): Promise<Map<string, Lease> | null> {
    const server = this.#usable('pods');
    if (!server) return null;
    const reply = (await server.redis.call('pods', []).catch(() => null)) as string[] | null;
    if (!reply) return null;
    const pods = new Map<string, Lease>();
    for (let i = 0; i + 1 < reply.length; i += 2) pods.set(reply[i]!, JSON.parse(reply[i + 1]!) as Lease);
    return pods;
  }

  /** The key's own server, or while that is away another: every pod has an inbox on each. */
  #usable(key: string): NamedServer | undefined {
    const own = this.serverOf(key);
    return own.redis.isUsable() ? own : this.servers.find((server) => server.redis.isUsable());
  }

  #hand(server: NamedServer | undefined, name: string, args: (string | number)[]): void {
    server?.redis.call(name, args).catch((error: unknown) => this.deps.log.debug({ err: error, name }, 'event did not reach redis'));
  }

  #onEntry(fields: Fields): void {
    if (fields.k === 'p') return this.#onPublish(fields);
    if (fields.k === 'e') return this.#write(fields, false);
    if (fields.k === 'w') return this.#presence.forEach((handler) => handler(fields.u ?? '', fields.s ?? 'offline'));
    if (fields.k === 'c') {
      const message = JSON.parse(fields.p ?? '') as ControlMessage;
      return this.#control.forEach((handler) => handler(message));
    }
    // A newer release may write kinds that this one does not know.
    return this.deps.log.debug({ kind: fields.k }, 'unknown inbox entry ignored');
  }

  /** True as soon as the inbox has brought this entry; false after `ms`, and at once at shutdown. */
  async arrives(conversationId: string, fromSeq: number, ms: number): Promise<boolean> {
    const key = `${conversationId} ${fromSeq}`;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const giveUp = () => resolve(false);
    const timer = setTimeout(giveUp, ms);
    this.abort.signal.addEventListener('abort', giveUp);
    if (this.abort.signal.aborted) giveUp();
    this.#held.set(key, () => resolve(true));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.abort.signal.removeEventListener('abort', giveUp);
      this.#held.delete(key);
    }
  }

  #onPublish(fields: Fields): void {
    const conversationId = fields.c ?? '';
    this.#held.get(`${conversationId} ${fields.f}`)?.();
    const routing = fields.r as Routing;
    const fromSeq = Number(fields.f);
    const arrival = {
      conversationId,
      fromSeq,
      toSeq: Number(fields.t),
      memberVersion: Number(fields.v),
      routing,
      recipients: split(fields.u),
      packet: { text: fields.p ?? '' },
    };
    const running = this.deliverer.lanes.run(conversationId, fromSeq, () => this.deliverer.deliver(arrival));
    if (routing !== 'conversation') return;
    const join = () => this.large.delivered(conversationId, this.deliverer.large.get(conversationId)?.users ?? []);
    if (running) void running.then(join);
    else join();
  }

  #write(fields: Fields, volatile: boolean): void {
    this.deps.hub.toUsers(split(fields.u), { text: fields.p ?? '' }, volatile, fields.x || undefined);
  }

  /**
   * Undefined but after routes were lost, until the tail was read. New entries wait for it, or a socket would find a gap before
   * each of them and ask for itself, as all others do.
   */
  caughtUp(): Promise<unknown> | undefined {
    return this.#catchingUp?.done;
  }

  #beginCatchingUp(): void {
    if (this.#catchingUp) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const done = within(CATCH_UP_MS, promise).finally(() => {
      this.#catchingUp = undefined;
    });
    this.#catchingUp = { done, end: resolve };
  }

  async #onRecovered(server: NamedServer): Promise<void> {
    // Deliveries since the routes were lost may have missed a socket here: the tail must not take them for complete.
    this.deliverer.delivered.forgetRouted();
    // While routes were registered the tail may have been read, too early for what came meanwhile.
    this.#beginCatchingUp();
    this.#hasGap = true;
    this.#wake();
    for (const handler of this.#recovered) await handler(server);
  }

  async #closeGap(): Promise<void> {
    this.#hasGap = false;
    try {
      await this.#tail.read();
      if (!this.#hasGap) this.#catchingUp?.end();
    } catch (error) {
      this.#hasGap = true;
      this.deps.log.warn({ err: error }, 'tail of postgres could not be read');
    }
  }

  async #watchTail(): Promise<void> {
    while (!this.abort.signal.aborted) {
      if (!this.isHealthy()) this.#tailUntil = performance.now() + SETTLE_MS;
      if (this.#isTailDue()) await this.#closeGap();
      else await this.#advance();
      await this.#pause(this.#isTailDue() ? (this.deps.tailMs ?? 700) : 1_000);
    }
  }

  #isTailDue(): boolean {
    return this.#tailAlways || performance.now() < this.#tailUntil;
  }

  /** The snapshot first, the counters after it: then everything below it has been told to this pod, and has been read. */
  async #advance(): Promise<void> {
    try {
      const safeXid = await this.#tail.snapshot();
      const intact = await Promise.all(this.servers.map((server) => server.check()));
      if (intact.every(Boolean) && !this.#hasGap) this.#tail.advance(safeXid);
    } catch (error) {
      this.deps.log.debug({ err: error }, 'safe snapshot could not be read');
    }
  }

  async #pause(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    if (this.abort.signal.aborted) return;
    await within(ms, promise);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.abort.abort();
    this.#catchingUp?.end();
    this.#wake();
    await Promise.all(this.servers.map((server) => server[Symbol.asyncDispose]()));
    await this.#loop;
    await wait(0);
  }
}

function split(list: string | undefined): string[] {
  return list ? list.split(',') : [];
}
