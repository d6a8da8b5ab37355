import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Logger } from '../log.ts';

const RETRY_MS = 200;

/**
 * A client for @socket.io/redis-streams-adapter 0.3.1 with ioredis, guarded against what it does not survive by itself:
 *  - without the offline queue, or without a retry delay, its poll loop becomes a microtask loop that starves the process;
 *  - it repeats an XREAD that fails at once without a pause: failing reads are slowed down here;
 *  - it drops the promises of SUBSCRIBE and PUBLISH: an unhandled rejection would end the process.
 * Publishing must be checked for readiness by the caller, as the queue has no bound.
 */
export interface AdapterClient extends Disposable {
  client: Redis;
}

export function createAdapterClient(url: string, log: Logger, ca?: string): AdapterClient {
  const client = new Redis(url, {
    ...(ca ? { tls: { ca } } : {}),
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
    connectTimeout: 2_000,
    retryStrategy: (attempt) => Math.min(1_000, RETRY_MS * attempt),
  });
  const copies: Redis[] = [];
  guard(client, log);
  const duplicate = client.duplicate.bind(client);
  client.duplicate = (options) => {
    const copy = duplicate(options);
    copies.push(copy);
    return guard(copy, log);
  };
  return {
    client,
    [Symbol.dispose]() {
      for (const each of [client, ...copies]) each.disconnect();
    },
  };
}

type AnyCall = (...args: never[]) => Promise<unknown>;

function guard(client: Redis, log: Logger): Redis {
  client.on('error', (error) => log.debug({ err: error }, 'redis connection of the adapter failed'));
  replace(client, 'xread', async (error) => {
    log.debug({ err: error }, 'adapter stream could not be read');
    await wait(RETRY_MS);
    throw error;
  });
  for (const name of ['subscribe', 'publish'] as const) {
    replace(client, name, async (error) => void log.debug({ err: error, name }, 'adapter call failed'));
  }
  return client;
}

function replace(client: Redis, name: 'xread' | 'subscribe' | 'publish', onError: (error: unknown) => Promise<unknown>): void {
  const original = client[name].bind(client) as unknown as AnyCall;
  Object.defineProperty(client, name, { value: (...args: never[]) => original(...args).catch(onError), configurable: true });
}
