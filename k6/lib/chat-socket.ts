import { type AckAnswer, encodeConnect, encodeEvent, PONG, parsePacket, type WireFault } from './packets.ts';

/** What is used of a WebSocket; that of k6 and that of browsers and Node both fit. */
export interface WebSocketLike {
  send(data: string): void;
  close(): void;
  addEventListener(event: 'message' | 'close' | 'error', listener: (event: { data?: unknown; error?: unknown }) => void): void;
}

export interface ChatSocketOptions {
  open(): WebSocketLike;
  /** The `auth` object of CONNECT. */
  auth: Record<string, unknown>;
  ackTimeoutMs: number;
  nowMs(): number;
  /** An event, unparsed. `session:ready` comes here too. */
  onEvent(text: string): void;
  /** Exactly once; `fault` when the server refused CONNECT. */
  onEnd(reason: string, fault?: WireFault): void;
}

/** `undefined`: no answer within the time, or the socket ended before it came. */
export type AckListener = (answer: AckAnswer | undefined, elapsedMs: number) => void;

interface Waiting {
  sentAt: number;
  listener: AckListener;
}

/** Until the handshake says otherwise. */
const FIRST_SILENCE_MS = 15_000;

/**
 * One Socket.IO connection. It has no timers of its own: its owner calls `sweep` now and then, for hundreds of sockets in one go.
 *
 * | state | begins with | ends with |
 * |---|---|---|
 * | opening | the constructor | Engine.IO's `open` packet: CONNECT is sent |
 * | connecting | CONNECT sent | `40` (connected) or `44` (refused, ended) |
 * | connected | `40` | close from either side, silence: ended |
 * | ended | `onEnd` was called | – |
 */
export class ChatSocket {
  readonly #options: ChatSocketOptions;
  readonly #socket: WebSocketLike;
  /** In the order of sending, so the first is always the oldest. */
  readonly #waiting = new Map<number, Waiting>();
  #lastAckId = 0;
  #lastHeardAt: number;
  #silenceMs = FIRST_SILENCE_MS;
  #isEnded = false;

  constructor(options: ChatSocketOptions) {
    this.#options = options;
    this.#lastHeardAt = options.nowMs();
    this.#socket = options.open();
    this.#socket.addEventListener('message', ({ data }) => this.#onText(String(data)));
    this.#socket.addEventListener('error', ({ error }) => this.#end(`connection failed: ${String(error ?? 'no reason given')}`));
    this.#socket.addEventListener('close', () => this.#end('connection closed'));
  }

  get pending(): number {
    return this.#waiting.size;
  }

  emit(event: string, payload: unknown, listener: AckListener): void {
    if (this.#isEnded) return listener(undefined, 0);
    const id = (this.#lastAckId += 1);
    this.#waiting.set(id, { sentAt: this.#options.nowMs(), listener });
    this.#socket.send(encodeEvent(id, event, payload));
  }

  close(): void {
    this.#end('closed here');
  }

  /** Gives up on answers that are late and on a server that fell silent. */
  sweep(): void {
    const now = this.#options.nowMs();
    for (const [id, { sentAt, listener }] of this.#waiting) {
      if (now - sentAt < this.#options.ackTimeoutMs) break;
      this.#waiting.delete(id);
      listener(undefined, now - sentAt);
    }
    if (now - this.#lastHeardAt > this.#silenceMs) this.#end('the server fell silent');
  }

  #onText(text: string): void {
    if (this.#isEnded) return;
    this.#lastHeardAt = this.#options.nowMs();
    const packet = parsePacket(text);
    switch (packet.kind) {
      case 'event':
        return this.#options.onEvent(packet.text);
      case 'ack':
        return this.#onAck(packet.id, packet.answer);
      case 'ping':
        return this.#socket.send(PONG);
      case 'open':
        this.#silenceMs = packet.pingIntervalMs + packet.pingTimeoutMs;
        return this.#socket.send(encodeConnect(this.#options.auth));
      case 'refused':
        return this.#end(`refused: ${packet.error.code}`, packet.error);
      case 'closed':
        return this.#end('the server closed the connection');
      case 'connected':
      case 'other':
        return;
      default: {
        const never: never = packet;
        throw new Error(`unknown packet ${JSON.stringify(never)}`);
      }
    }
  }

  #onAck(id: number, answer: AckAnswer): void {
    const waiting = this.#waiting.get(id);
    if (!waiting) return;
    this.#waiting.delete(id);
    waiting.listener(answer, this.#options.nowMs() - waiting.sentAt);
  }

  #end(reason: string, fault?: WireFault): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#socket.close();
    const now = this.#options.nowMs();
    const unanswered = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { sentAt, listener } of unanswered) listener(undefined, now - sentAt);
    this.#options.onEnd(reason, fault);
  }
}
