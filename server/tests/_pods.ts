import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import type {
  Ack,
  AuthResult,
  ClientEventName,
  Conversation,
  Entry,
  EventInput,
  EventResult,
  ServerEventName,
  ServerEvents,
  WireError,
} from '@chatcluster/protocol';
import { createDatabase, eventually, redisUrl, uniquePrefix } from '@chatcluster/tools/testing';
import { createApp } from '../src/app.ts';
import type { Running } from '../src/lifecycle/run.ts';
import { parseConfig } from '../src/config.ts';
import { createLog } from '../src/log.ts';

export interface Pod {
  app: Running;
  id: string;
  url: string;
  adminUrl: string;
}

export type Person = AuthResult & { id: string; refreshToken: string };
export type RestAnswer<T = unknown> = { status: number; body: T; headers: Headers };
export type SocketSettings = Partial<ManagerOptions & SocketOptions>;

/** Far beyond what a busy machine needs. */
const DEADLINE_MS = 30_000;

/** A stock client that remembers every event it got. */
export class TestSocket {
  readonly socket: Socket;
  readonly events: { event: string; payload: unknown }[] = [];
  closeReason: string | undefined;

  constructor(url: string, settings: SocketSettings) {
    this.socket = io(url, { transports: ['websocket'], forceNew: true, reconnection: false, ...settings });
    this.socket.onAny((event: string, payload: unknown) => void this.events.push({ event, payload }));
    this.socket.on('disconnect', (reason) => void (this.closeReason = reason));
  }

  all<E extends ServerEventName>(event: E): ServerEvents[E][] {
    return this.events.filter((e) => e.event === event).map((e) => e.payload as ServerEvents[E]);
  }

  /** The first event of this name that fits, among those that came already and those to come. */
  next<E extends ServerEventName>(
    event: E,
    fits: (payload: ServerEvents[E]) => boolean = () => true,
    deadlineMs = DEADLINE_MS,
  ): Promise<ServerEvents[E]> {
    return eventually(() => this.all(event).find(fits), {
      deadlineMs,
      message: `no fitting "${event}"; got ${this.events.map((e) => e.event).join(' ')}`,
    });
  }

  /** Everything of one conversation in the order of arrival, repeats included. */
  entries(conversationId: string): Entry[] {
    return this.all('entries')
      .filter((e) => e.conversationId === conversationId)
      .flatMap((e) => e.entries);
  }

  /** Waits until the entry with this seq has come. */
  reached(conversationId: string, seq: number): Promise<Entry> {
    return eventually(() => this.entries(conversationId).find((e) => e.seq === seq), { message: `seq ${seq} did not come` });
  }

  async emit<T = unknown>(event: string, ...args: unknown[]): Promise<Ack<T>> {
    return (await this.socket.timeout(DEADLINE_MS).emitWithAck(event, ...args)) as Ack<T>;
  }

  /** The data of a call that must succeed. */
  async call<E extends ClientEventName>(event: E, payload: EventInput<E>): Promise<EventResult[E]> {
    const ack = await this.emit<EventResult[E]>(event, payload);
    if (!ack.ok) throw new Error(`${event}: ${JSON.stringify(ack.error)}`);
    return ack.data;
  }

  /** The error of a call that must be refused. */
  async refused(event: string, ...args: unknown[]): Promise<WireError> {
    const ack = await this.emit(event, ...args);
    if (ack.ok) throw new Error(`${event} was accepted: ${JSON.stringify(ack.data)}`);
    return ack.error;
  }

  send(conversationId: string, body: string, more: Partial<EventInput<'message:send'>> = {}) {
    return this.call('message:send', { conversationId, clientMsgId: randomUUID(), body, ...more });
  }

  closed(): Promise<string> {
    return eventually(() => this.closeReason, { message: 'the socket stayed open' });
  }

  [Symbol.dispose](): void {
    this.socket.disconnect();
  }
}

/** Pods of one cluster in this process, over a database and a key prefix of their own. */
export class Cluster implements AsyncDisposable {
  readonly pods: Pod[] = [];
  readonly databaseUrl: string;
  readonly #stack: AsyncDisposableStack;
  readonly #prefix = uniquePrefix();
  readonly #env: Record<string, string>;

  constructor(databaseUrl: string, stack: AsyncDisposableStack, env: Record<string, string>) {
    this.databaseUrl = databaseUrl;
    this.#stack = stack;
    this.#env = env;
  }

  async addPod(env: Record<string, string> = {}): Promise<Pod> {
    const id = `pod-${this.pods.length}-${randomUUID().slice(0, 8)}`;
    const config = parseConfig({
      DATABASE_URL: this.databaseUrl,
      REDIS_URLS: redisUrl(),
      REDIS_PREFIX: this.#prefix,
      DATABASE_POOL: '5',
      HOST: '127.0.0.1',
      PORT: '0',
      ADMIN_PORT: '0',
      POD_ID: id,
      RATE_LIMITS: 'off',
      // Tests write links to sites of others, and nobody shall be asked for them.
      LINK_PREVIEWS: 'off',
      DRAIN_SECONDS: '1',
      ...this.#env,
      ...env,
    });
    const app = this.#stack.use(await createApp(config, createLog('fatal', id), AbortSignal.timeout(60_000)));
    const pod = { app, id, url: `http://127.0.0.1:${app.port}`, adminUrl: `http://127.0.0.1:${app.adminPort}` };
    this.pods.push(pod);
    return pod;
  }

  /** The pod with this number; numbers wrap, so that people can be spread by theirs. */
  pod(index: number): Pod {
    return this.pods[index % this.pods.length]!;
  }

  async rest<T = unknown>(
    who: { accessToken: string } | null,
    method: string,
    path: string,
    body?: unknown,
    pod = 0,
  ): Promise<RestAnswer<T>> {
    const headers: Record<string, string> = {};
    if (who !== null) headers.authorization = `Bearer ${who.accessToken}`;
    if (body !== undefined) headers['content-type'] = 'application/json';
    const response = await fetch(this.pod(pod).url + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as T, headers: response.headers };
  }

  /** The body of a request that must succeed. */
  async ok<T = unknown>(who: { accessToken: string } | null, method: string, path: string, body?: unknown, pod = 0): Promise<T> {
    const answer = await this.rest<T>(who, method, path, body, pod);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** A statement past the server, for what only time or another release would bring about. */
  async sql<T extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<T[]> {
    const client = new pg.Client({ connectionString: this.databaseUrl });
    await client.connect();
    try {
      return (await client.query<T>(text, values)).rows;
    } finally {
      await client.end();
    }
  }

  async guest(displayName = 'Guest'): Promise<Person> {
    const result = await this.ok<Person>(null, 'POST', '/v1/auth/guest', { displayName, tokens: 'body' });
    return { ...result, id: result.user.id };
  }

  guests(count: number): Promise<Person[]> {
    return Promise.all(Array.from({ length: count }, (_, i) => this.guest(`Guest ${i}`)));
  }

  async register(displayName = 'Person'): Promise<Person> {
    const email = `${randomUUID()}@example.org`;
    const result = await this.ok<Person>(null, 'POST', '/v1/auth/register', {
      email,
      password: 'correct horse',
      displayName,
      tokens: 'body',
    });
    return { ...result, id: result.user.id };
  }

  /** A group whose first member owns it. */
  group([owner, ...others]: Person[], more: object = {}): Promise<Conversation> {
    return this.ok<Conversation>(owner!, 'POST', '/v1/conversations', {
      kind: 'group',
      title: 'Group',
      memberIds: others.map((p) => p.id),
      ...more,
    });
  }

  /** A socket that is not waited for. */
  open(pod: number, settings: SocketSettings): TestSocket {
    return this.#stack.use(new TestSocket(this.pod(pod).url, settings));
  }

  /** A socket that said `session:ready`. */
  async connect(person: { accessToken: string }, pod = 0, settings: SocketSettings = {}): Promise<TestSocket> {
    const socket = this.open(pod, { auth: { token: person.accessToken }, ...settings });
    await socket.next('session:ready');
    return socket;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

export async function startPods(count: number, env: Record<string, string> = {}): Promise<Cluster> {
  await using stack = new AsyncDisposableStack();
  const database = stack.use(await createDatabase());
  const cluster = new Cluster(database.url, stack.move(), env);
  try {
    for (let i = 0; i < count; i += 1) await cluster.addPod();
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

/** The error of a refused connection, as `connect_error.data` carries it. */
export function connectError(socket: TestSocket): Promise<Error & { data?: WireError; description?: unknown }> {
  return new Promise((resolve, reject) => {
    socket.socket.once('connect_error', resolve);
    socket.socket.once('connect', () => reject(new Error('the socket was let in')));
  });
}
