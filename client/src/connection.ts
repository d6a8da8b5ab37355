import type {
  ClientEventName,
  EndedCode,
  ErrorCode,
  EventInput,
  EventResult,
  ServerEventName,
  ServerEvents,
  SessionReady,
  WireError,
} from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { ACK_TIMEOUT_MS, PROTOCOL_VERSION } from '@chatcluster/protocol/limits';
import { backoffMs } from './backoff.ts';
import { isErrorCode } from './http.ts';
import type { NetworkHints, Scheduler } from './scheduler.ts';
import { isSignedOut } from './session.ts';
import type { Transport, TransportFactory } from './transport.ts';
import type { ConnectionSnapshot } from './types.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** An access token that could not be renewed in time is tried again this often while the socket lives. */
const RENEW_RETRY_MS = 5_000;

export interface ConnectionDeps {
  url: string;
  deviceId?: string;
  transport: TransportFactory;
  network: NetworkHints;
  scheduler: Scheduler;
  random: () => number;
  /** A token good for a while; `renew` forces a new one. */
  token(renew: boolean): Promise<string>;
  /** The socket is ready; resolves when everything missed has been read. */
  catchUp(ready: SessionReady): Promise<void>;
  event<E extends ServerEventName>(name: E, payload: ServerEvents[E]): void;
  changed(snapshot: ConnectionSnapshot): void;
  /** The session is over: the credentials are worth nothing any more. */
  signedOut(code: ErrorCode | EndedCode): void;
}

/**
 * The connection's state machine. Every attempt has its own `Attempt` object; what an older one reports is ignored.
 *
 * | from | on | to |
 * |---|---|---|
 * | idle, refused | start | connecting |
 * | connecting | session:ready | syncing |
 * | connecting | refused: expired or unknown token, first time | connecting, with a renewed token |
 * | connecting | refused for good | refused |
 * | connecting | refused with a hint, no answer in 10 s, network error | waiting, or offline without network |
 * | syncing | everything missed was read | live |
 * | syncing, live | closed, or a call unanswered for 10 s | waiting, or offline without network |
 * | syncing, live | session:ended without reconnect | refused |
 * | syncing, live | server:drain, its delay over and open calls settled | connecting |
 * | waiting | timer; online or visible unless the server named the delay | connecting |
 * | waiting | offline | offline |
 * | offline | online | connecting |
 * | any | stop | idle |
 */
export class Connection {
  #deps: ConnectionDeps;
  #snapshot: ConnectionSnapshot = { state: 'idle', attempt: 0 };
  #attempt: Attempt | undefined;
  #ready: SessionReady | undefined;
  #failures = 0;
  #hasRenewed = false;
  #isHinted = false;
  #cancelTimer = () => {};
  #stopListening = () => {};

  constructor(deps: ConnectionDeps) {
    this.#deps = deps;
  }

  get snapshot(): ConnectionSnapshot {
    return this.#snapshot;
  }

  get session(): SessionReady | undefined {
    return this.#ready;
  }

  /** A socket is ready and not about to be given up, so that calls may be made. */
  get isOpen(): boolean {
    return this.#attempt?.isUsable ?? false;
  }

  start(): void {
    if (this.#snapshot.state !== 'idle' && this.#snapshot.state !== 'refused') return;
    this.#stopListening();
    this.#stopListening = this.#deps.network.listen((hint) => this.#hinted(hint));
    this.#failures = 0;
    this.#hasRenewed = false;
    this.#connect(false);
  }

  stop(): void {
    this.#leave();
    this.#stopListening();
    this.#failures = 0;
    this.#set({ state: 'idle', attempt: 0 });
  }

  /** Makes a call on the ready socket. An expired token is renewed and the call repeated once. */
  async call<E extends ClientEventName>(event: E, payload: EventInput<E>): Promise<EventResult[E]> {
    const attempt = this.#attempt;
    if (attempt === undefined || !attempt.isUsable) throw new ChatError('unavailable', { message: 'Not connected.' });
    try {
      return await this.#callOn(attempt, event, payload);
    } catch (error) {
      if (!(error instanceof ChatError) || error.code !== 'token_expired' || event === 'auth:refresh') throw error;
      await this.#callOn(attempt, 'auth:refresh', { token: await this.#deps.token(true) });
      return this.#callOn(attempt, event, payload);
    }
  }

  async #callOn<E extends ClientEventName>(attempt: Attempt, event: E, payload: EventInput<E>): Promise<EventResult[E]> {
    attempt.open += 1;
    try {
      const ack = await attempt.transport.call(event, payload, ACK_TIMEOUT_MS);
      if (ack.ok) return ack.data;
      throw toChatError(ack.error);
    } catch (error) {
      if (error instanceof ChatError && error.cause === 'ack timeout') this.#lost(attempt, 'unavailable', 'The server does not answer.');
      throw error;
    } finally {
      attempt.open -= 1;
      if (attempt.open === 0) attempt.settled();
    }
  }

  #connect(renew: boolean): void {
    this.#leave();
    const attempt = new Attempt();
    this.#attempt = attempt;
    this.#set({ state: 'connecting', attempt: this.#failures });
    this.#cancelTimer = this.#deps.scheduler.after(CONNECT_TIMEOUT_MS, () =>
      this.#lost(attempt, 'unavailable', 'The server does not answer.'),
    );
    this.#deps.token(renew).then(
      (token) => this.#open(attempt, token),
      (error: unknown) => this.#noToken(attempt, error),
    );
  }

  #open(attempt: Attempt, token: string): void {
    if (attempt !== this.#attempt) return;
    const { url, deviceId, transport } = this.#deps;
    const auth = { token, protocol: PROTOCOL_VERSION, ...(deviceId === undefined ? {} : { deviceId }) };
    attempt.transport = transport(url, auth, {
      event: (name, payload) => this.#received(attempt, name, payload),
      refused: (error) => this.#refused(attempt, error ?? {}),
      closed: (reason) => this.#lost(attempt, 'unavailable', reason),
    });
  }

  #noToken(attempt: Attempt, error: unknown): void {
    if (attempt !== this.#attempt) return;
    const known = error instanceof ChatError ? error : new ChatError('internal', { cause: error });
    if (isSignedOut(error)) this.#refuse(known.code, known.message, true);
    else this.#lost(attempt, known.code, known.message, known.retryAfterMs);
  }

  #refused(attempt: Attempt, error: Partial<WireError>): void {
    if (attempt !== this.#attempt) return;
    const code = isErrorCode(error.code) ? error.code : 'unavailable';
    const message = error.message ?? 'The server cannot be reached.';
    if (code === 'token_expired' || code === 'unauthenticated') {
      if (this.#hasRenewed) return this.#refuse(code, message, true);
      this.#hasRenewed = true;
      return this.#connect(true);
    }
    if (error.retryable ?? new ChatError(code).retryable) return this.#lost(attempt, code, message, error.retryAfterMs);
    this.#refuse(code, message, false);
  }

  #received<E extends ServerEventName>(attempt: Attempt, name: E, payload: ServerEvents[E]): void {
    if (attempt !== this.#attempt) return;
    if (name === 'session:ready') this.#becomeReady(attempt, payload as SessionReady);
    if (name === 'session:expiring') void this.#renew(attempt);
    if (name === 'session:ended') this.#ended(payload as ServerEvents['session:ended']);
    if (name === 'server:drain') this.#drain(attempt, payload as ServerEvents['server:drain']);
    this.#deps.event(name, payload);
  }

  #becomeReady(attempt: Attempt, ready: SessionReady): void {
    this.#cancelTimer();
    this.#ready = ready;
    attempt.isUsable = true;
    this.#set({ state: 'syncing', attempt: this.#failures, podId: ready.podId });
    this.#deps.catchUp(ready).then(
      () => this.#becomeLive(attempt, ready.podId),
      (error: unknown) => this.#lost(attempt, error instanceof ChatError ? error.code : 'internal', String(error)),
    );
  }

  #becomeLive(attempt: Attempt, podId: string): void {
    if (attempt !== this.#attempt || this.#snapshot.state !== 'syncing') return;
    this.#failures = 0;
    this.#hasRenewed = false;
    this.#set({ state: 'live', attempt: 0, podId });
  }

  async #renew(attempt: Attempt): Promise<void> {
    try {
      const token = await this.#deps.token(true);
      if (attempt === this.#attempt) await this.#callOn(attempt, 'auth:refresh', { token });
    } catch (error) {
      // The server closes the socket with `expired` when it is really over; until then there may be a way back.
      if (attempt !== this.#attempt || isSignedOut(error)) return;
      attempt.cancel.push(this.#deps.scheduler.after(RENEW_RETRY_MS, () => void this.#renew(attempt)));
    }
  }

  #ended(ended: ServerEvents['session:ended']): void {
    if (ended.code === 'expired') return this.#connect(true);
    if (ended.reconnect && this.#attempt) return this.#lost(this.#attempt, ended.code, ended.message);
    this.#refuse(ended.code, ended.message, ended.code === 'revoked' || ended.code === 'account_deleted');
  }

  /** Goes on until the delay is over, then takes no new calls, lets the open ones settle and connects anew. */
  #drain(attempt: Attempt, drain: ServerEvents['server:drain']): void {
    const move = () => attempt === this.#attempt && this.#connect(false);
    const begin = () => {
      attempt.isUsable = false;
      attempt.settled = move;
      if (attempt.open === 0) move();
      else attempt.cancel.push(this.#deps.scheduler.after(ACK_TIMEOUT_MS, move));
    };
    attempt.cancel.push(this.#deps.scheduler.after(drain.reconnectInMs, begin));
  }

  #lost(attempt: Attempt, code: ErrorCode | EndedCode, message: string, hintMs = 0): void {
    if (attempt !== this.#attempt) return;
    this.#leave();
    this.#failures += 1;
    if (!this.#deps.network.isOnline()) return this.#set({ state: 'offline', attempt: this.#failures });
    const delay = backoffMs(this.#failures, this.#deps.random, hintMs);
    this.#isHinted = hintMs > 0;
    this.#set({ state: 'waiting', attempt: this.#failures, nextAttemptAt: this.#deps.scheduler.now() + delay, code, message });
    this.#cancelTimer = this.#deps.scheduler.after(delay, () => this.#connect(false));
  }

  #refuse(code: ErrorCode | EndedCode, message: string, signedOut: boolean): void {
    this.#leave();
    this.#stopListening();
    this.#set({ state: 'refused', attempt: this.#failures, code, message });
    if (signedOut) this.#deps.signedOut(code);
  }

  #hinted(hint: 'online' | 'offline' | 'visible'): void {
    const { state } = this.#snapshot;
    if (hint === 'offline') {
      if (state === 'waiting') this.#goOffline();
      return;
    }
    if (state === 'offline' && (hint === 'online' || this.#deps.network.isOnline())) this.#connect(false);
    else if (state === 'waiting' && !this.#isHinted) this.#connect(false);
  }

  #goOffline(): void {
    this.#cancelTimer();
    this.#set({ state: 'offline', attempt: this.#failures });
  }

  #leave(): void {
    this.#cancelTimer();
    this.#attempt?.end();
    this.#attempt = undefined;
  }

  #set(snapshot: ConnectionSnapshot): void {
    this.#snapshot = snapshot;
    this.#deps.changed(snapshot);
  }
}

class Attempt {
  transport: Transport = unopened;
  /** Between `session:ready` and the end, or the moment a drain begins. */
  isUsable = false;
  /** Calls without an answer. */
  open = 0;
  settled = () => {};
  cancel: Array<() => void> = [];

  end(): void {
    this.isUsable = false;
    this.settled = () => {};
    for (const cancel of this.cancel) cancel();
    this.transport.close();
  }
}

const unopened: Transport = {
  call: () => Promise.reject(new ChatError('unavailable', { message: 'Not connected.' })),
  close: () => {},
};

export function toChatError(error: WireError): ChatError {
  const { message, retryAfterMs, details } = error;
  return new ChatError(isErrorCode(error.code) ? error.code : 'internal', {
    message,
    details,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
