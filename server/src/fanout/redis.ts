import { readFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { Redis, type RedisOptions } from 'ioredis';
import type { Logger } from '../log.ts';
import { createBreaker } from './breaker.ts';

const LIBRARY = 'chat_v1';

/** Redis did not answer in time, or is not asked at all for a while. The caller goes on without it. */
export class RedisAwayError extends Error {
  override name = 'RedisAwayError';
}

export interface ChatRedis extends AsyncDisposable {
  readonly prefix: string;
  /** One call of a library function (`publish` for `chat_v1_publish`); the prefix is put in front. Rejects within `timeoutMs`. */
  call(name: string, args: (string | number)[], options?: { timeoutMs?: number; probe?: boolean }): Promise<unknown>;
  /** False while calls are refused at once. */
  isUsable(): boolean;
  /** Loads the function library; idempotent. */
  load(): Promise<void>;
  /** Each time that a connection stands again after the first. */
  onReconnect(handler: () => void): void;
  /** An own connection with the same address, for blocking reads. Never queues while disconnected. */
  connect(options?: RedisOptions): Redis;
  /** Token bucket. Rejects while Redis is away: the caller then uses its per-pod bucket. */
  takeTokens(key: string, want: number, ratePerSecond: number, burst: number): Promise<{ granted: boolean; retryAfterMs: number }>;
}

export interface CreateRedis {
  url: string;
  prefix: string;
  log: Logger;
  /** PEM of the CA of its certificate. @default the public ones */
  ca?: string | undefined;
  commandTimeoutMs?: number | undefined;
}

function retryDelay(attempt: number): number {
  return Math.min(1_000, 50 * 2 ** Math.min(attempt, 6)) * (0.5 + Math.random() / 2);
}

const clientOptions: RedisOptions = {
  // A command that cannot be written now is refused now: nothing may wait in a queue while a user waits for an answer.
  enableOfflineQueue: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  connectTimeout: 2_000,
  retryStrategy: retryDelay,
  enableReadyCheck: true,
};

export function createRedis({ url, prefix, log, ca, commandTimeoutMs = 250 }: CreateRedis): ChatRedis {
  const source = readFileSync(new URL('./routed/chat_v1.lua', import.meta.url), 'utf8');
  const breaker = createBreaker();
  const handlers = new Set<() => void>();
  const connect = (options: RedisOptions = {}) => {
    const client = new Redis(url, { ...clientOptions, ...(ca ? { tls: { ca } } : {}), ...options });
    client.on('error', (error) => log.debug({ err: error }, 'redis connection failed'));
    return client;
  };
  const client = connect();
  let wasReady = false;
  client.on('ready', () => {
    if (wasReady) handlers.forEach((handler) => handler());
    wasReady = true;
  });
  const corkForThisTurn = createCork(client);
  const load = async () => void (await timed(client.call('FUNCTION', 'LOAD', 'REPLACE', source), 2_000));
  async function fcall(name: string, args: (string | number)[], timeoutMs: number): Promise<unknown> {
    const run = () => {
      corkForThisTurn();
      return timed(client.call('FCALL', `${LIBRARY}_${name}`, 0, prefix, ...args), timeoutMs);
    };
    try {
      return await run();
    } catch (error) {
      if (!isUnknownFunction(error)) throw error;
      await load();
      return run();
    }
  }
  const call: ChatRedis['call'] = async (name, args, { timeoutMs = commandTimeoutMs, probe = false } = {}) => {
    if (!probe && !breaker.allows()) throw new RedisAwayError('redis is not asked while its breaker is open');
    try {
      const reply = await fcall(name, args, timeoutMs);
      breaker.succeeded();
      return reply;
    } catch (error) {
      if (!isReplyError(error)) breaker.failed();
      throw error;
    }
  };
  return {
    prefix,
    call,
    isUsable: () => breaker.allows() && client.status === 'ready',
    load: () => whenReady(client).then(load),
    onReconnect: (handler) => void handlers.add(handler),
    connect,
    async takeTokens(key, want, ratePerSecond, burst) {
      const [granted, n] = (await call('take_tokens', [key, want, ratePerSecond, burst])) as [number, number];
      return { granted: granted === 1, retryAfterMs: granted === 1 ? 0 : n };
    },
    async [Symbol.asyncDispose]() {
      client.disconnect();
    },
  };
}

/**
 * What is asked in one turn of the event loop goes out in one write: a commit publishes to many conversations at once, and
 * the system call of each was a tenth of a busy pod's time.
 */
function createCork(client: Redis): () => void {
  let corked: Duplex | undefined;
  const uncork = () => {
    corked?.uncork();
    corked = undefined;
  };
  return () => {
    if (corked) return;
    // Not declared, and absent while there is no connection.
    corked = (client as unknown as { stream?: Duplex }).stream;
    corked?.cork();
    process.nextTick(uncork);
  };
}

/** Rejects after a while: a start must not hang on a Redis that is away. */
export function whenReady(client: Redis, timeoutMs = 2_000): Promise<void> {
  if (client.status === 'ready') return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  client.once('ready', resolve);
  return timed(promise, timeoutMs).finally(() => client.off('ready', resolve));
}

/** Rejects after a while; the work itself goes on. */
export async function timed<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    // Timers run before the sockets are read: after a long turn of this process the answer may be lying there already.
    const fail = () => setImmediate(() => reject(new RedisAwayError(`redis gave no answer within ${timeoutMs} ms`)));
    timer = setTimeout(fail, timeoutMs);
  });
  // The loser of the race may still fail later; that failure has been answered already.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

function isReplyError(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError';
}

/** Redis came back without its functions (restarted without a file, FUNCTION FLUSH). */
function isUnknownFunction(error: unknown): boolean {
  return isReplyError(error) && (error as Error).message.includes('Function not found');
}
