import type { EndedCode, ServerEventName, ServerEvents } from '@chatcluster/protocol';
import type { Socket } from 'socket.io';
import type { Principal } from '../../auth/types.ts';
import { frameOf } from '../../fanout/encode.ts';
import type { EncodedPacket, HubSocket } from '../../fanout/types.ts';
import { createTokenBucket, type TokenBucket } from '../../limits/token-bucket.ts';

/** The TCP socket: what is written between the two calls leaves in one system call. */
interface Corkable {
  cork(): void;
  uncork(): void;
}

/** What we use of Engine.IO's and ws's inner objects, to write a ready frame without another copy or encoding. */
interface EngineSocket {
  request?: object;
  readyState: string;
  writeBuffer: { data?: unknown }[];
  transport: {
    name: string;
    writable: boolean;
    socket?: {
      readyState: number;
      bufferedAmount: number;
      _sender?: { sendFrame(list: Buffer[]): void };
      _socket?: Corkable;
      _receiver?: { _state: number; _mask?: Buffer };
    };
  };
  close(discard?: boolean): void;
}

const OPEN = 1;
/** State of a `ws` receiver that is between two frames. */
const BETWEEN_FRAMES = 0;

function empty(object: object): void {
  for (const key of Object.keys(object)) Object.assign(object, { [key]: undefined });
}

/** One authenticated socket: what the handlers know of it, and the hub's way to write to it. */
export class Connection implements HubSocket {
  readonly id: string;
  readonly userId: string;
  readonly sessionId: string;
  /** This and `movingAt` are of the monotonic clock, in ms. */
  readonly connectedAt: number;
  readonly socket: Socket;
  readonly events: TokenBucket | undefined;
  principal: Principal;
  /** After `session:expiring` was sent, so that it is sent once per token. */
  warnedFor = 0;
  /** Set once when a hint to move was given. */
  movingAt: number | undefined;
  /** Keeps the sends of this socket in their order up to the batch. */
  sendChain: Promise<unknown> | undefined;
  isEnded = false;
  #corked: Corkable | undefined;
  #violations = 0;
  #violationsSince = 0;
  readonly #maxUnreadBytes: number;
  readonly #onEnded: (code: EndedCode) => void;
  readonly #conn: EngineSocket;

  constructor(options: {
    socket: Socket;
    principal: Principal;
    maxUnreadBytes: number;
    eventRate: { perSecond: number; burst: number } | undefined;
    nowMs: number;
    onEnded(code: EndedCode): void;
  }) {
    this.socket = options.socket;
    this.id = options.socket.id;
    this.userId = options.principal.userId;
    this.sessionId = options.principal.sessionId;
    this.principal = options.principal;
    this.connectedAt = options.nowMs;
    this.#maxUnreadBytes = options.maxUnreadBytes;
    this.#onEnded = options.onEnded;
    this.#conn = options.socket.conn as unknown as EngineSocket;
    this.events = options.eventRate && createTokenBucket(options.eventRate.perSecond, options.eventRate.burst);
  }

  /**
   * Lets go of what only the handshake needed: request, headers, token, and the bytes that held the last mask; together
   * about 3 KiB for each idle socket. The request itself cannot go: a listener of Engine.IO on the TCP socket keeps it.
   */
  forgetHandshake(): void {
    const { request, transport } = this.#conn;
    this.#conn.request = undefined;
    if (request) empty(request);
    empty(this.socket.handshake);
    const receiver = transport.socket?._receiver;
    if (receiver?._state === BETWEEN_FRAMES) receiver._mask = undefined;
  }

  /** Bytes accepted for this reader that the kernel has not taken yet. */
  get unreadBytes(): number {
    const { transport, writeBuffer } = this.#conn;
    let bytes = transport.socket?.bufferedAmount ?? 0;
    for (const packet of writeBuffer) if (typeof packet.data === 'string') bytes += packet.data.length;
    return bytes;
  }

  /** More is waiting for this reader than `factor` times what is allowed. */
  isBehind(factor: number): boolean {
    return this.unreadBytes > this.#maxUnreadBytes * factor;
  }

  endSlow(): void {
    this.end('slow_consumer', 'This connection did not keep up; reconnect and catch up.', true);
  }

  send(packet: EncodedPacket, volatile: boolean): void {
    if (this.isEnded) return;
    const { transport, writeBuffer } = this.#conn;
    const ws = transport.socket;
    const { unreadBytes } = this;
    if (unreadBytes > this.#maxUnreadBytes || writeBuffer.length > 10_000) {
      if (!volatile) this.endSlow();
      return;
    }
    if (volatile && unreadBytes > this.#maxUnreadBytes / 4) return;
    // Straight to the socket while nothing of Engine.IO waits in front; its own queue otherwise, so that order holds.
    if (transport.name === 'websocket' && transport.writable && writeBuffer.length === 0 && ws?.readyState === OPEN && ws._sender) {
      if (ws._socket) this.#corkForThisTurn(ws._socket);
      ws._sender.sendFrame([frameOf(packet)]);
      return;
    }
    const client = this.socket.client as unknown as { writeToEngine(packets: string[], options: object): void };
    client.writeToEngine([packet.text], { compress: false, volatile, preEncoded: true, wsPreEncodedFrame: [frameOf(packet)] });
  }

  /** Everything of one turn of the event loop goes out together: most of the cost of a small frame is its system call. */
  #corkForThisTurn(tcp: Corkable): void {
    if (this.#corked) return;
    this.#corked = tcp;
    tcp.cork();
    Connection.#waiting.push(this);
    if (Connection.#waiting.length === 1) setImmediate(Connection.#uncorkAll);
  }

  static #waiting: Connection[] = [];

  static #uncorkAll(): void {
    const waiting = Connection.#waiting;
    Connection.#waiting = [];
    for (const connection of waiting) {
      connection.#corked?.uncork();
      connection.#corked = undefined;
    }
  }

  emit<E extends ServerEventName>(event: E, payload: ServerEvents[E]): void {
    this.socket.emit(event, payload);
  }

  /** Asks the client to come back on another pod after this time; the socket clock closes whoever has not gone. */
  hintAway(reconnectInMs: number, reason: ServerEvents['server:drain']['reason'], nowMs: number): void {
    this.movingAt = nowMs + reconnectInMs;
    this.emit('server:drain', { reconnectInMs, reason });
  }

  /** Says why, then closes for good. */
  end(code: EndedCode, message: string, reconnect: boolean): void {
    if (this.isEnded) return;
    this.emit('session:ended', { code, message, reconnect });
    this.isEnded = true;
    this.#onEnded(code);
    this.close();
  }

  close(): void {
    // A reader that takes nothing would keep a polite close waiting for ever: what it did not take is let go after 2 s.
    this.socket.disconnect(true);
    const force = setTimeout(() => {
      const ws = this.#conn.transport.socket as unknown as { terminate?(): void } | undefined;
      ws?.terminate?.();
    }, 2_000);
    force.unref();
  }

  /** Counts calls that can never succeed; true when there were more than 100 within 10 s. */
  isAbusive(nowMs: number): boolean {
    if (nowMs - this.#violationsSince > 10_000) {
      this.#violationsSince = nowMs;
      this.#violations = 0;
    }
    this.#violations += 1;
    return this.#violations > 100;
  }
}
