import { setTimeout as wait } from 'node:timers/promises';
import type { Ack, ChangesPage, Entry, SendResult, SyncPage } from '@chatcluster/protocol';
import { io, type Socket } from 'socket.io-client';
import { Line } from './_line.ts';
import { Reader } from './_reader.ts';

const ackTimeoutMs = 10_000;
/** The first; each failure in a row makes the next one that much longer, so that a slow machine is not given up for ever. */
const connectTimeoutMs = 3_000;
const holdMs = 500;
const retryMs = 500;
/** First reconnect within this, doubled with each failure up to the bound: full jitter. */
const backoffMs = { first: 500, longest: 2_000 };

export interface PersonOptions {
  userId: string;
  token: string;
  /** Of this moment: pods come and go. */
  podUrls(): readonly string[];
}

type Call = 'message:send' | 'changes' | 'sync';

/**
 * One person on a stock Socket.IO client that follows the contract and nothing more: reconnects to another pod with
 * jitter, catches up with `changes` and `sync`, obeys hints. It never looks again without a reason.
 */
export class Person implements Disposable {
  readonly userId: string;
  readonly reader = new Reader();
  connectedAtMs = 0;
  /** The longest time without a live socket. */
  longestAwayMs = 0;
  drops = 0;
  /** Endings that forbid coming back, and pages that skipped entries: neither may happen in these tests. */
  readonly faults: string[] = [];
  readonly #options: PersonOptions;
  readonly #stop = new AbortController();
  #socket: Socket | undefined;
  #line: Line | undefined;
  /** Connections that were abandoned without a goodbye: the server may still hold them for alive. */
  readonly #abandoned: Line[] = [];
  #podUrl = '';
  #isLive = Promise.withResolvers<void>();
  #live = false;
  #awaySinceMs = performance.now();
  #failures = 0;
  #since: string | undefined;
  #holdTimer: NodeJS.Timeout | undefined;

  constructor(options: PersonOptions) {
    this.#options = options;
    this.userId = options.userId;
    this.#podUrl = this.#choosePod();
  }

  get isLive(): boolean {
    return this.#live;
  }

  /** The connection goes silent under both ends; its pings must find out. */
  loseTheRoad(): void {
    if (!this.#line) return;
    this.#line.silence();
    this.#abandoned.push(this.#line);
    this.#line = undefined;
  }

  /** As when a phone changes its network: a new connection at once, and not a word to the old one. */
  abandon(): void {
    const socket = this.#socket;
    if (!socket || !this.#live) return;
    this.loseTheRoad();
    this.#lost(socket);
  }

  stopReading(): void {
    this.#line?.stopReading();
  }

  readOn(): void {
    this.#line?.readOn();
  }

  connect(): void {
    const { token } = this.#options;
    const line = new Line();
    const patienceMs = connectTimeoutMs * (1 + this.#failures);
    const socket = io(this.#podUrl, {
      // Its types know the agent of `https` only; a plain connection takes one of `http`.
      agent: line as never,
      auth: { token },
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      multiplex: false,
      timeout: patienceMs,
    });
    this.#socket = socket;
    this.#line = line;
    // A pod that is frozen accepts the connection and then says nothing: the time-out ends that, too.
    const impatient = setTimeout(() => this.#lost(socket), patienceMs);
    const lost = () => {
      clearTimeout(impatient);
      this.#lost(socket);
    };
    socket.on('session:ready', () => {
      clearTimeout(impatient);
      this.#ready(socket);
    });
    socket.on('connect_error', lost);
    socket.on('disconnect', lost);
    socket.on('entries', (payload: { conversationId: string; entries: Entry[] }) => this.#onEntries(payload));
    socket.on('resync', () => void this.#catchUp(socket));
    socket.on('server:drain', ({ reconnectInMs }: { reconnectInMs: number }) => setTimeout(lost, reconnectInMs));
    socket.on('message:rejected', ({ error }: { error: { code: string } }) =>
      this.faults.push(`a queued message was rejected: ${error.code}`),
    );
    socket.on('session:ended', ({ code, reconnect }: { code: string; reconnect: boolean }) => {
      if (!reconnect) this.faults.push(`session ended: ${code}`);
    });
  }

  /** Resolves once it is connected and has caught up as far as it knows. */
  async begun(): Promise<void> {
    while (this.#since === undefined) await wait(10, undefined, { signal: this.#stop.signal });
  }

  /** Sends until it is stored or queued, always with one clientMsgId; undefined when it was told to stop before. */
  async send(conversationId: string, body: string): Promise<SendResult | undefined> {
    const payload = { conversationId, clientMsgId: crypto.randomUUID(), body };
    while (!this.#stop.signal.aborted) {
      await this.#isLive.promise;
      const answer = await this.#call<SendResult>(this.#socket, 'message:send', payload);
      if (answer?.ok) return answer.data;
      if (answer && !answer.error.retryable) throw new Error(`a send was refused for good: ${answer.error.code}`);
      await this.#pause(answer?.error.retryAfterMs ?? retryMs);
    }
    return undefined;
  }

  #ready(socket: Socket): void {
    if (socket !== this.#socket) return;
    const now = performance.now();
    if (this.connectedAtMs > 0) this.longestAwayMs = Math.max(this.longestAwayMs, now - this.#awaySinceMs);
    this.connectedAtMs = now;
    this.#failures = 0;
    this.#live = true;
    this.reader.socketOpened();
    this.#isLive.resolve();
    void this.#catchUp(socket);
  }

  #lost(socket: Socket): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    socket.off();
    socket.disconnect();
    if (this.#live) {
      this.#live = false;
      this.#awaySinceMs = performance.now();
      this.drops += 1;
      this.#isLive = Promise.withResolvers();
    }
    void this.#reconnect();
  }

  async #reconnect(): Promise<void> {
    const bound = Math.min(backoffMs.longest, backoffMs.first * 2 ** this.#failures);
    this.#failures += 1;
    await this.#pause(Math.random() * bound);
    if (this.#stop.signal.aborted) return;
    this.#podUrl = this.#choosePod();
    this.connect();
  }

  /** Another one than before, where there is another. */
  #choosePod(): string {
    const urls = this.#options.podUrls();
    const others = urls.filter((url) => url !== this.#podUrl);
    const choice = others.length > 0 ? others : urls;
    return choice[Math.floor(Math.random() * choice.length)] ?? '';
  }

  #onEntries({ conversationId, entries }: { conversationId: string; entries: Entry[] }): void {
    this.reader.live(conversationId, entries, performance.now());
    const { gaps, unknown } = this.reader.waiting();
    if (gaps.length + unknown.length > 0) this.#holdTimer ??= setTimeout(() => this.#afterHold(), holdMs);
  }

  #afterHold(): void {
    this.#holdTimer = undefined;
    const { gaps, unknown } = this.reader.waiting();
    const socket = this.#socket;
    if (!socket || gaps.length + unknown.length === 0) return;
    void (unknown.length > 0 ? this.#catchUp(socket) : this.#sync(socket, gaps));
  }

  /** Repeated until it has worked once on this socket. */
  async #catchUp(socket: Socket): Promise<void> {
    while (socket === this.#socket) {
      const moved = await this.#changes(socket);
      if (moved) return this.#sync(socket, moved);
      await this.#pause(retryMs * (0.5 + Math.random() / 2));
    }
  }

  /** Conversations that moved behind the cursor; undefined when there was no answer. */
  async #changes(socket: Socket): Promise<string[] | undefined> {
    const moved: string[] = [];
    let since = this.#since;
    for (let more = true; more; ) {
      const answer = await this.#call<ChangesPage>(socket, 'changes', since === undefined ? {} : { since });
      if (!answer?.ok) return undefined;
      for (const { id, lastSeq } of answer.data.conversations) {
        this.reader.begin(id, lastSeq, performance.now());
        if ((this.reader.cursor(id) ?? 0) < lastSeq) moved.push(id);
      }
      ({ more, next: since } = answer.data);
    }
    this.#since = since;
    return moved;
  }

  async #sync(socket: Socket, ids: string[]): Promise<void> {
    for (let more = ids.length > 0; more && socket === this.#socket; ) {
      const cursors = Object.fromEntries(ids.map((id) => [id, this.reader.cursor(id) ?? 0]));
      const answer = await this.#call<SyncPage>(socket, 'sync', { cursors });
      if (!answer?.ok) {
        await this.#pause(retryMs);
        continue;
      }
      for (const [id, entries] of Object.entries(answer.data.entries)) this.reader.apply(id, entries, performance.now());
      for (const id of [...Object.keys(answer.data.limited), ...answer.data.reset]) this.faults.push(`sync left entries out of ${id}`);
      more = answer.data.more;
    }
  }

  #call<T>(socket: Socket | undefined, event: Call, payload: object): Promise<Ack<T> | undefined> {
    return new Promise((done) => {
      if (!socket?.connected) return done(undefined);
      socket.timeout(ackTimeoutMs).emit(event, payload, (error: Error | null, answer: Ack<T>) => {
        // A dependency that is away answers `unavailable`; this is a defect.
        if (!error && !answer.ok && answer.error.code === 'internal') this.faults.push(`${event} answered internal`);
        done(error ? undefined : answer);
      });
    });
  }

  async #pause(ms: number): Promise<void> {
    await wait(ms, undefined, { signal: this.#stop.signal }).catch((error: unknown) => {
      if (!this.#stop.signal.aborted) throw error;
    });
  }

  [Symbol.dispose](): void {
    this.#stop.abort();
    clearTimeout(this.#holdTimer);
    this.#isLive.resolve();
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.off();
    socket?.disconnect();
    for (const line of this.#abandoned) line.destroy();
  }
}
