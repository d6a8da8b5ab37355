import type { Ack, SessionReady, WireError } from '@chatcluster/protocol';
import { ACK_TIMEOUT_MS } from '@chatcluster/protocol/limits';
import { nowMs } from '../clock.ts';
import { eventName, eventPayload, readAck, socketUrl } from './packets.ts';
import { RawSocket } from './raw-socket.ts';

/** How long the way from the first byte to `session:ready` may take. */
const READY_MS = 10_000;

export interface CloseReason {
  /** The server's own words, when it refused the connection. */
  error?: WireError;
  status?: number;
  retryAfterMs?: number;
}

export interface ConnectionOptions {
  url: string;
  token: string;
  onReady(session: SessionReady): void;
  /** A packet whose name is `entries`, unread. */
  onEntries(text: string): void;
  onEvent(name: string, text: string): void;
  /** Once, whoever ended it. */
  onClose(reason: CloseReason): void;
}

type Done = (ack: Ack<unknown> | undefined) => void;

/** Engine.IO 4 and Socket.IO 5 over one WebSocket, as far as a chat client needs them. */
export class Connection {
  readonly startedAtMs = nowMs();
  readonly #options: ConnectionOptions;
  readonly #socket: RawSocket;
  readonly #waiting = new Map<number, { untilMs: number; done: Done }>();
  #nextId = 0;
  #heardAtMs = nowMs();
  #patienceMs = READY_MS;
  #reason: CloseReason = {};
  #isReady = false;
  #isClosed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#socket = new RawSocket({
      url: socketUrl(options.url),
      onText: (text) => this.#onText(text),
      onClose: (refusal) =>
        this.#closed({ ...this.#reason, ...(refusal && { status: refusal.status, retryAfterMs: refusal.retryAfterMs }) }),
    });
  }

  get isReady(): boolean {
    return this.#isReady && !this.#isClosed;
  }

  /** Undefined when no answer came in time, or the connection ended first. */
  call<T>(event: string, payload: object): Promise<Ack<T> | undefined> {
    const { promise, resolve } = Promise.withResolvers<Ack<T> | undefined>();
    if (this.isReady) {
      const id = this.#nextId++;
      this.#waiting.set(id, { untilMs: nowMs() + ACK_TIMEOUT_MS, done: resolve as Done });
      this.#socket.send(`42${id}${JSON.stringify([event, payload])}`);
    } else resolve(undefined);
    return promise;
  }

  /** Says goodbye as a closed page does not: the server learns at once. */
  leave(): void {
    this.#socket.send('41');
    this.close();
  }

  close(): void {
    this.#closed(this.#reason);
    this.#socket.close();
  }

  /** Given up by this side, and open for the server, which is not told. */
  abandon(): void {
    this.#socket.mute();
    this.#closed(this.#reason);
  }

  /** The other end of a cable that was pulled: nothing goes in or out, and nobody is told. */
  mute(): void {
    this.#socket.mute();
  }

  /** Called every second or so: ends what nobody answers any more. */
  sweep(now: number): void {
    if (now - this.#heardAtMs > this.#patienceMs) return this.close();
    for (const [id, { untilMs, done }] of this.#waiting) {
      if (untilMs > now) break;
      this.#waiting.delete(id);
      done(undefined);
    }
  }

  #onText(text: string): void {
    this.#heardAtMs = nowMs();
    if (text.startsWith('42["entries"')) this.#options.onEntries(text);
    else if (text.startsWith('42')) this.#onEvent(text);
    else if (text.startsWith('43')) this.#onAck(text);
    else if (text === '2') this.#socket.send('3');
    else if (text.startsWith('0')) this.#onOpen(text);
    else if (text.startsWith('44')) this.#onRefused(text);
    else if (text.startsWith('41') || text === '1') this.close();
  }

  #onOpen(text: string): void {
    const { pingInterval, pingTimeout } = JSON.parse(text.slice(1)) as { pingInterval: number; pingTimeout: number };
    this.#patienceMs = pingInterval + pingTimeout;
    this.#socket.send(`40${JSON.stringify({ token: this.#options.token, protocol: 1 })}`);
  }

  #onRefused(text: string): void {
    const { data } = JSON.parse(text.slice(2)) as { data?: WireError };
    this.#reason = { error: data, retryAfterMs: data?.retryAfterMs };
    this.close();
  }

  #onEvent(text: string): void {
    const name = eventName(text);
    if (name !== 'session:ready') return this.#options.onEvent(name, text);
    this.#isReady = true;
    this.#options.onReady(eventPayload<SessionReady>(text));
  }

  #onAck(text: string): void {
    const { id, json } = readAck(text);
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.done((JSON.parse(json) as [Ack<unknown>])[0]);
  }

  #closed(reason: CloseReason): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const { done } of this.#waiting.values()) done(undefined);
    this.#waiting.clear();
    this.#options.onClose(reason);
  }
}
