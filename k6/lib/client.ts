import { ChatSocket, type WebSocketLike } from './chat-socket.ts';
import { type AckAnswer, parseEvent, type WireFault } from './packets.ts';
import type { Recorder } from './recorder.ts';

export interface ClientDeps {
  open(): WebSocketLike;
  /** Read at every connect: tokens change, tickets are used once. */
  auth(): Promise<Record<string, unknown>>;
  /** A fresh access token, asked for before the present one expires. */
  refresh(): Promise<string>;
  onEvent(text: string): void;
  /** The server asked it to go elsewhere; the next `open` does. */
  onMoved(): void;
  /** No longer able to receive. */
  onOffline(): void;
  recorder: Recorder;
  ackTimeoutMs: number;
  nowMs(): number;
  random(): number;
}

const BACKOFF_MIN_MS = 500;
const BACKOFF_MAX_MS = 30_000;

/** Full jitter over 0.5, 1, 2 … 30 s, as the SDK does; a hint of the server is the least. */
export function backoffMs(attempt: number, random: number, hintMs = 0): number {
  return Math.max(hintMs, random * Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** attempt));
}

/** One user who wants to be connected, or not; `tick` brings the two together. */
export class Client {
  readonly #deps: ClientDeps;
  #socket: ChatSocket | undefined;
  #isReady = false;
  #isOpening = false;
  #wanted = false;
  #attempt = 0;
  #nextTryAt = 0;
  #openedAt = 0;
  #lostAt: number | undefined;
  /** The token is over, or soon: a connection with it would be refused, again and again. */
  #needsToken = false;

  constructor(deps: ClientDeps) {
    this.#deps = deps;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  get pending(): number {
    return this.#socket?.pending ?? 0;
  }

  emit(event: string, payload: unknown, listener: (answer: AckAnswer | undefined, ms: number) => void): void {
    if (!this.#socket) return listener(undefined, 0);
    this.#socket.emit(event, payload, listener);
  }

  tick(wanted: boolean): void {
    this.#wanted = wanted;
    if (!wanted) this.#leave();
    else if (!this.#socket && !this.#isOpening && this.#deps.nowMs() >= this.#nextTryAt) void this.#open();
    this.#socket?.sweep();
  }

  /** Breaks the connection as a lost network would; the next tick opens another. */
  drop(): void {
    if (!this.#socket) return;
    this.#lostAt = this.#deps.nowMs();
    this.#leave();
    this.#nextTryAt = 0;
  }

  #leave(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    if (this.#isReady) this.#deps.onOffline();
    this.#isReady = false;
    socket?.close();
  }

  async #open(): Promise<void> {
    this.#isOpening = true;
    try {
      if (this.#needsToken) await this.#deps.refresh();
      this.#needsToken = false;
      const auth = await this.#deps.auth();
      if (this.#wanted) this.#connect(auth);
    } catch (error) {
      this.#failed(error instanceof Error ? error.message : String(error));
    } finally {
      this.#isOpening = false;
    }
  }

  #connect(auth: Record<string, unknown>): void {
    const { open, ackTimeoutMs, nowMs } = this.#deps;
    this.#openedAt = nowMs();
    const socket = new ChatSocket({
      open,
      auth,
      ackTimeoutMs,
      nowMs,
      onEvent: (text) => this.#onEvent(text),
      onEnd: (reason, fault) => this.#onEnd(socket, reason, fault),
    });
    this.#socket = socket;
  }

  #failed(reason: string, hintMs = 0): void {
    this.#deps.recorder.connectFailed(reason);
    this.#nextTryAt = this.#deps.nowMs() + backoffMs(this.#attempt, this.#deps.random(), hintMs);
    this.#attempt += 1;
  }

  #onEnd(socket: ChatSocket, reason: string, fault: WireFault | undefined): void {
    // A socket that was left on purpose is no longer ours.
    if (socket !== this.#socket) return;
    const wasReady = this.#isReady;
    this.#leave();
    if (fault?.code === 'token_expired') this.#needsToken = true;
    if (!wasReady) return this.#failed(reason, fault?.retryAfterMs);
    this.#deps.recorder.dropped(reason);
    this.#lostAt = this.#deps.nowMs();
    this.#nextTryAt = this.#lostAt + backoffMs(0, this.#deps.random());
  }

  #onEvent(text: string): void {
    // The frequent one first; the rest are a few per connection.
    if (text.startsWith('42["entries"')) return this.#deps.onEvent(text);
    if (text.startsWith('42["session:ready"')) return this.#onReady();
    if (text.startsWith('42["session:expiring"')) return void this.#refresh();
    if (text.startsWith('42["server:drain"')) this.#onDrain(text);
  }

  #onReady(): void {
    const { recorder, nowMs } = this.#deps;
    const now = nowMs();
    this.#isReady = true;
    this.#attempt = 0;
    recorder.connected(now - this.#openedAt);
    if (this.#lostAt !== undefined) recorder.reconnected(now - this.#lostAt);
    this.#lostAt = undefined;
  }

  async #refresh(): Promise<void> {
    const socket = this.#socket;
    const { recorder, refresh } = this.#deps;
    try {
      const token = await refresh();
      // Another connection has begun with the fresh token already.
      if (!socket || socket !== this.#socket) return;
      socket.emit('auth:refresh', { token }, (answer) => {
        if (answer?.ok) recorder.refreshed();
        else if (answer) recorder.refused(answer.error.code);
      });
    } catch {
      // The socket ends when its token does.
      this.#needsToken = true;
      recorder.refused('refresh_failed');
    }
  }

  /** The pod goes, or is fuller than the others. What is waited because it said so is no time without a connection. */
  #onDrain(text: string): void {
    const { reconnectInMs } = parseEvent(text).payload as { reconnectInMs: number };
    this.#leave();
    this.#deps.onMoved();
    this.#lostAt = this.#nextTryAt = this.#deps.nowMs() + reconnectInMs;
  }
}
