import type { PresenceBackend } from '../../presence/backend.ts';
import type { Fanout } from '../types.ts';
import { type NamedServer, RoutedCore, type RoutedDeps } from './core.ts';
import { createRoutedPresence } from './presence.ts';
import { createPublisher } from './publisher.ts';
import type { Lease } from './server.ts';

export interface RoutedFanout extends Fanout {
  /** For the durable queue: each conversation's server, and word of a lost lease. */
  servers: { all: NamedServer[]; of(key: string): NamedServer; onRecovered(handler: (server: NamedServer) => Promise<void>): void };
  /** Keep it for createPresence. */
  presence: PresenceBackend;
  /** Who lives, and how; null while no Redis answers. */
  pods(): Promise<Map<string, Lease> | null>;
  /** Token bucket shared by all pods. Rejects while Redis is away: fall back to a bucket of this pod. */
  takeTokens(key: string, want: number, ratePerSecond: number, burst: number): Promise<{ granted: boolean; retryAfterMs: number }>;
}

/** FANOUT=routed: messages go only to the pods that hold a recipient. */
export function createRoutedFanout(deps: RoutedDeps): RoutedFanout {
  const core = new RoutedCore(deps, { tailAlways: false });
  return { mode: 'routed', ...shared(core), publish: createPublisher(core) };
}

export function shared(core: RoutedCore): Omit<RoutedFanout, 'mode' | 'publish'> {
  return {
    start: () => core.start(),
    attach: (socket) => core.attach(socket),
    detach: (socket) => core.detach(socket),
    toUsers: core.toUsers,
    onControl: (handler) => core.onControl(handler),
    broadcast: (message) => core.broadcast(message),
    isHealthy: () => core.isHealthy(),
    servers: { all: core.servers, of: (key) => core.serverOf(key), onRecovered: (handler) => core.onServerRecovered(handler) },
    presence: createRoutedPresence(core),
    pods: () => core.pods(),
    takeTokens: (key, ...args) => core.serverOf(key).redis.takeTokens(key, ...args),
    [Symbol.asyncDispose]: () => core[Symbol.asyncDispose](),
  };
}
