import { browserHints, isBrowser, pageOrigin } from './browser-hints.ts';
import { systemScheduler } from './scheduler.ts';
import { socketIoTransport } from './socket-io-transport.ts';
import { createMemoryStore } from './store.ts';
import type { ClientOptions } from './types.ts';

const CHECK_EVERY_MS = 300_000;

/** The options with everything that has a default. */
export type Parts = Required<Omit<ClientOptions, 'deviceId' | 'traceparent'>> & Pick<ClientOptions, 'deviceId' | 'traceparent'>;

export function withDefaults(options: ClientOptions): Parts {
  return {
    ...options,
    url: (options.url ?? pageOrigin() ?? 'http://localhost:8080').replace(/\/+$/, ''),
    tokens: options.tokens ?? (isBrowser() ? 'cookie' : 'body'),
    transport: options.transport ?? socketIoTransport,
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    store: options.store ?? createMemoryStore(),
    network: options.network ?? browserHints(),
    scheduler: options.scheduler ?? systemScheduler,
    random: options.random ?? Math.random,
    newId: options.newId ?? (() => globalThis.crypto.randomUUID()),
    checkEveryMs: options.checkEveryMs ?? CHECK_EVERY_MS,
  };
}
