import type { Entry, ServerEventName, ServerEvents } from '@chatcluster/protocol';
import type { RevokedCode, Routing } from '../store/types.ts';

/** A local socket as the hub sees it. `send` must not block; the gateway cuts a reader off that lets its buffer grow. */
export interface HubSocket {
  id: string;
  userId: string;
  sessionId: string;
  /** Sends an encoded Socket.IO text packet (`2["event",{…}]`), optionally with its ready WebSocket frame. */
  send(packet: EncodedPacket, volatile: boolean): void;
}

/** A packet that is encoded once and written to any number of sockets. */
export interface EncodedPacket {
  /** Socket.IO packet text, such as `2["entries",{…}]`. */
  text: string;
  /** The whole server-to-client WebSocket frame of Engine.IO's `4` + text; made on first use. */
  frame?: Buffer;
}

/** Entries of one commit of one conversation, contiguous. */
export interface Publish {
  conversationId: string;
  fromSeq: number;
  toSeq: number;
  memberVersion: number;
  routing: Routing;
  /** Current members, plus for a `removed`/`left` entry the former one, when routing is `user`. */
  recipients: string[];
  entries: Entry[];
  /** The entry before `fromSeq` was stored less than a second before: where nobody has seen its publish, it is still on its way. @default false */
  closeBehind?: boolean;
  /** The trace that it is part of goes along to the pods, and to the clients. */
  traceparent?: string | undefined;
}

export interface VolatileOptions {
  /** A socket that must not get it (the typist's own). */
  exceptSocketId?: string;
  /** false: must not be dropped under pressure (conversation:added, profile); still not durable. @default true */
  droppable?: boolean;
}

/**
 * Delivery between pods. Three implementations behind it (memory, routed streams, stock adapter) pass one suite.
 * Nothing here is the truth: what does not arrive is found again by the tail of Postgres and by the clients' `sync`.
 */
export interface Fanout extends AsyncDisposable {
  readonly mode: 'memory' | 'routed' | 'streams-adapter';
  start(): Promise<void>;
  /** Attaches a socket; resolves once entries for its user reach this pod (the socket may then say `session:ready`). */
  attach(socket: HubSocket): Promise<void>;
  detach(socket: HubSocket): void;
  /** Delivers locally and hands over to the other pods. Never rejects. True: every pod concerned was told; false: left to the outbox. */
  publish(batch: Publish): Promise<boolean>;
  /** To every socket of these users on any pod, best effort. */
  toUsers<E extends ServerEventName>(userIds: string[], event: E, payload: ServerEvents[E], options?: VolatileOptions): void;
  /** Runs `handler` on every pod (this one too) that gets `broadcast(topic, …)`. For rare cluster-wide control calls. */
  onControl(handler: (message: ControlMessage) => void): void;
  broadcast(message: ControlMessage): void;
  /** False while Redis cannot be reached: the tail of Postgres carries entries then. */
  isHealthy(): boolean;
}

export type ControlMessage =
  /** These sessions were revoked: their sockets end, their tokens are refused. */
  | { kind: 'revoke'; sessionIds: string[]; userId: string; code: RevokedCode }
  /**
   * Forget the cached membership of a conversation older than this version. `apart`: these two must not see each
   * other's presence any more (one has blocked the other); a field and no kind of its own, as the previous release
   * must be able to read it.
   */
  | { kind: 'membership'; conversationId: string; memberVersion: number; apart?: [string, string] };

/** Local sockets by user. Owned by the fanout, read by the gateway. */
export interface Hub {
  attach(socket: HubSocket): void;
  detach(socket: HubSocket): void;
  socketsOf(userId: string): ReadonlySet<HubSocket>;
  users(): Iterable<string>;
  readonly size: number;
  /** Returns how many sockets it was written to. */
  toUsers(userIds: Iterable<string>, packet: EncodedPacket, volatile: boolean, exceptSocketId?: string): number;
}
