import { setTimeout as pause } from 'node:timers/promises';
import type { ServerEvents, SessionReady } from '@chatcluster/protocol';
import { nowMs } from '../clock.ts';
import type { Random } from '../random.ts';
import { refreshTokens } from '../rest.ts';
import { type CloseReason, Connection } from '../wire/connection.ts';
import { eventPayload, type WireEntries } from '../wire/packets.ts';
import type { Account } from './account.ts';
import { Feed, type FeedOptions, type Line } from './feed.ts';
import { Sender, type SenderOptions } from './sender.ts';

/** Full jitter between nothing and a bound that doubles. */
const backoffMs = { first: 500, longest: 30_000 };
const REFRESH_AGAIN_MS = 1_000;
/** An abandoned socket is kept open this long: the server has to find out by itself. */
const ABANDONED_MS = 120_000;
/** Whoever was moved is not moved again within this to balance the pods. */
const LEFT_ALONE_MS = 300_000;

export interface PersonOptions extends Omit<FeedOptions, 'userId' | 'user'>, Omit<SenderOptions, 'user' | 'renewToken'> {
  account: Account;
  urls: readonly string[];
  random: Random;
  readEntries(text: string): WireEntries;
}

/** One person with one device: comes, goes, reconnects as the contract asks, and tells the witness. */
export class Person {
  readonly account: Account;
  readonly feed: Feed;
  readonly sender: Sender;
  /** Position of the conversation on the screen in `account.conversations`. */
  open = 0;
  #isWanted = false;
  #line: Line | undefined;
  #connection: Connection | undefined;
  #abandoned: { connection: Connection; untilMs: number }[] = [];
  /** Which of the addresses; another one after each lost connection, so that a dead pod costs one attempt. */
  #place: number;
  #failures = 0;
  #movedAtMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #refreshing: Promise<void> | undefined;
  readonly #options: PersonOptions;

  constructor(options: PersonOptions) {
    const { account } = options;
    this.#options = options;
    this.#place = Math.floor(options.random() * options.urls.length);
    this.account = account;
    this.feed = new Feed({ ...options, user: account.user, userId: account.userId });
    this.sender = new Sender({ ...options, user: account.user, renewToken: () => this.#refresh() });
  }

  /** Has a session that the server opened. */
  get line(): Line | undefined {
    return this.#line;
  }

  get isWanted(): boolean {
    return this.#isWanted;
  }

  /** The newest access token, once it is there when the present one is being renewed. */
  async token(): Promise<string> {
    await this.#refreshing;
    return this.account.token;
  }

  goOnline(): void {
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#connect();
  }

  /** The page is closed. */
  goOffline(): void {
    if (!this.#isWanted) return;
    this.#isWanted = false;
    clearTimeout(this.#timer);
    if (this.#line) this.#tell('left');
    const connection = this.#connection;
    this.#connection = undefined;
    this.#lost();
    connection?.leave();
  }

  /** Loses the connection so that the server is not told, and comes back at once. */
  drop(): void {
    if (!this.#line || !this.#connection) return;
    this.#tell('dropped without a goodbye');
    const connection = this.#connection;
    this.#connection = undefined;
    connection.abandon();
    this.#abandoned.push({ connection, untilMs: nowMs() + ABANDONED_MS });
    this.#lost();
    this.#reconnect(undefined);
  }

  /** The connection is dead, and this side does not know it either: it finds out when the pings stay away. */
  goSilent(): void {
    if (!this.#line) return;
    this.#tell('went silent');
    this.#connection?.mute();
  }

  sweep(now: number): void {
    this.#connection?.sweep(now);
    for (const { connection } of this.#abandoned.filter(({ untilMs }) => untilMs <= now)) connection.close();
    this.#abandoned = this.#abandoned.filter(({ untilMs }) => untilMs > now);
  }

  close(): void {
    this.goOffline();
    for (const { connection } of this.#abandoned) connection.close();
    this.#abandoned = [];
  }

  #connect(): void {
    const { urls, readEntries, meters } = this.#options;
    const connection: Connection = new Connection({
      url: urls[this.#place % urls.length]!,
      token: this.account.token,
      onReady: (session) => this.#ready(connection, session),
      onEntries: (text) => {
        meters.counters.bytes += text.length;
        if (connection === this.#connection) this.feed.live(readEntries(text));
      },
      onEvent: (name, text) => connection === this.#connection && this.#onEvent(name, text),
      onClose: (reason) => connection === this.#connection && this.#closed(reason),
    });
    this.#connection = connection;
  }

  #ready(connection: Connection, { podId }: SessionReady): void {
    if (connection !== this.#connection) return;
    const { meters } = this.#options;
    const line = { connection, podId, connectedAtMs: nowMs() };
    this.#line = line;
    this.#failures = 0;
    meters.counters.connects += 1;
    meters.time('connect', line.connectedAtMs - connection.startedAtMs);
    this.#tell('connected', podId);
    this.feed.opened(line);
    this.sender.opened(line);
  }

  #lost(): void {
    this.#line = undefined;
    this.feed.closed();
    this.sender.closed();
  }

  #closed(reason: CloseReason): void {
    const { counters } = this.#options.meters;
    if (this.#line) {
      counters.drops += 1;
      this.#tell('lost the connection', this.#line.podId);
    } else counters.refusedConnects += 1;
    this.#connection = undefined;
    this.#place += 1;
    this.#lost();
    if (reason.error?.code === 'token_expired') void this.#refresh();
    if (this.#isWanted) this.#reconnect(reason.retryAfterMs);
  }

  #reconnect(atLeastMs = 0): void {
    const bound = Math.min(backoffMs.longest, backoffMs.first * 2 ** this.#failures);
    this.#failures += 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#isWanted && this.#connect(), atLeastMs + this.#options.random() * bound);
  }

  #onEvent(name: string, text: string): void {
    if (name === 'server:drain') this.#move(eventPayload<ServerEvents['server:drain']>(text));
    else if (name === 'resync') void this.feed.catchUp();
    else if (name === 'session:expiring') void this.#refresh();
    else if (name === 'message:rejected') this.sender.rejected(eventPayload<ServerEvents['message:rejected']>(text).clientMsgId);
    else if (name === 'session:ended') this.#ended(eventPayload<ServerEvents['session:ended']>(text));
  }

  /** A client that obeys the hint: it settles what is open, then opens the new connection after the given delay. */
  #move({ reconnectInMs, reason }: ServerEvents['server:drain']): void {
    const connection = this.#connection;
    const { counters } = this.#options.meters;
    counters.hints += 1;
    if (reason === 'rebalance' && nowMs() - this.#movedAtMs < LEFT_ALONE_MS) counters.movedAgain += 1;
    this.#movedAtMs = nowMs();
    this.#tell('was told to move');
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (connection !== this.#connection || !this.#isWanted) return;
      this.#connection = undefined;
      this.#place += 1;
      this.#lost();
      connection?.leave();
      this.#connect();
    }, reconnectInMs);
  }

  #ended({ code, reconnect }: ServerEvents['session:ended']): void {
    const { witness } = this.#options;
    if (reconnect || code === 'expired') return;
    witness.findings.add({ kind: 'ended', conversation: 0, seq: 0, user: this.account.user, atMs: nowMs() });
  }

  #refresh(): Promise<void> {
    this.#refreshing ??= this.#renewTokens().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  /** Asks until the server gives a newer token: it hints only once. */
  async #renewTokens(): Promise<void> {
    const { urls, random } = this.#options;
    while (this.#isWanted) {
      const tokens = await refreshTokens(urls[Math.floor(random() * urls.length)]!, this.account.refreshToken);
      if (tokens) {
        Object.assign(this.account, tokens);
        await this.#line?.connection.call('auth:refresh', { token: tokens.token });
        return;
      }
      await pause(REFRESH_AGAIN_MS * (0.5 + random()));
    }
  }

  #tell(what: Parameters<PersonOptions['witness']['turn']>[1], podId?: string): void {
    this.#options.witness.turn(this.account.user, what, podId);
  }
}
