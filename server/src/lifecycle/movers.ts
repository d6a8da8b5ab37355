import type { Config } from '../config.ts';
import type { RoutedFanout } from '../fanout/routed/routed.ts';
import type { Lease } from '../fanout/routed/server.ts';
import type { Logger } from '../log.ts';
import type { Connection } from '../transport/socket/connection.ts';
import { createCutOff } from './cut-off.ts';
import { createRebalance } from './rebalance.ts';

export interface MoversDeps extends Partial<Pick<RoutedFanout, 'pods' | 'takeTokens'>> {
  isPostgresReachable(): boolean;
  connections(): Iterable<Connection>;
  takesSockets(): boolean;
  log: Logger;
}

/** A moved socket is left alone this long (architecture.md 4). */
const SECONDS_BETWEEN_MOVES = 1_800;

function connectionsOf(pods: Map<string, Lease> | null): number[] | null {
  return pods && [...pods.values()].filter(({ takesSockets }) => takesSockets).map(({ connections }) => connections);
}

/** What moves sockets to other pods while this one goes on: too many of them here, or no Postgres here alone. Nothing without other pods. */
export function createMovers(
  config: Pick<Config, 'podId' | 'drainSeconds' | 'rebalance'>,
  deps: MoversDeps,
): Disposable & { isCutOff(): boolean } {
  using stack = new DisposableStack();
  const { pods, takeTokens, connections, takesSockets, isPostgresReachable, log } = deps;
  const { podId, drainSeconds, rebalance } = config;
  if (pods === undefined || takeTokens === undefined) return { isCutOff: () => false, [Symbol.dispose]: () => undefined };
  const cutOff = stack.use(createCutOff({ podId, pods, isPostgresReachable, connections, windowMs: drainSeconds * 1_000, log }));
  if (rebalance) {
    stack.use(
      createRebalance({
        ...rebalance,
        connections: () => (takesSockets() ? connections() : []),
        connectionsPerPod: async () => connectionsOf(await pods()),
        mayMove: async (sessionId) => (await takeTokens(`move:${sessionId}`, 1, 1 / SECONDS_BETWEEN_MOVES, 1)).granted,
        log,
      }),
    );
  }
  const owned = stack.move();
  return { isCutOff: cutOff.isCutOff, [Symbol.dispose]: () => owned.dispose() };
}
