import type { Logger } from '../log.ts';
import type { Connection } from '../transport/socket/connection.ts';

export interface DrainDeps {
  connections(): Iterable<Connection>;
  windowMs: number;
  /** In-flight sends, publishes, receipts. */
  settle(): Promise<void>;
  log: Logger;
  random?: () => number;
}

const STEP_MS = 100;

/**
 * Moves every socket away: each is told when to reconnect (spread over the window, so that they do not come back
 * together) and is closed shortly after its own moment if it is still here. Sends that are under way finish.
 */
export async function drainSockets(deps: DrainDeps, signal: AbortSignal): Promise<void> {
  const { random = Math.random } = deps;
  const startedAt = performance.now();
  const sockets = [...deps.connections()].filter((c) => !c.isEnded);
  // The last tenth of the window is for the clients to settle what is open.
  const spreadMs = Math.round(deps.windowMs * 0.9);
  const plan = sockets.map((connection) => ({ connection, at: startedAt + Math.round(random() * spreadMs) }));
  plan.sort((a, b) => a.at - b.at);
  for (const { connection, at } of plan) connection.emit('server:drain', { reconnectInMs: Math.round(at - startedAt), reason: 'shutdown' });
  deps.log.info({ sockets: sockets.length, windowMs: deps.windowMs }, 'draining');
  const graceMs = Math.min(1_000, Math.max(100, deps.windowMs * 0.1));
  while (plan.length > 0 && !signal.aborted) {
    while (plan.length > 0 && plan[0]!.at + graceMs <= performance.now()) plan.shift()!.connection.close();
    if (plan.every(({ connection }) => !connection.socket.connected)) break;
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
  for (const { connection } of plan) connection.close();
  await deps.settle();
}
