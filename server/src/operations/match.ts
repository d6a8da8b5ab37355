import type { Logger } from '../log.ts';
import type { Store } from '../store/store.ts';
import type { CreatedConversation } from '../store/types.ts';
import { translateUnavailable } from './unavailable.ts';

export interface MatchDeps {
  store: Pick<Store, 'joinMatch' | 'leaveMatch' | 'renewMatch'>;
  /** Tells both that they have a conversation. */
  announce(created: CreatedConversation): Promise<void>;
  log: Logger;
}

const RENEW_MS = 5_000;

/** Random pairing. The queue is in Postgres; this pod renews the places of those whose sockets it holds. */
export function createMatch(deps: MatchDeps) {
  const waiting = new Map<string, Set<string>>();

  async function renew(): Promise<void> {
    if (waiting.size === 0) return;
    const still = new Set(await deps.store.renewMatch([...waiting.keys()]));
    for (const userId of waiting.keys()) if (!still.has(userId)) waiting.delete(userId);
  }

  const timer = setInterval(() => {
    renew().catch((error: unknown) => deps.log.debug({ err: error }, 'places in the queue not renewed'));
  }, RENEW_MS);
  timer.unref();

  async function join(userId: string, socketId: string): Promise<void> {
    const created = await deps.store.joinMatch(userId);
    if (created !== null) {
      waiting.delete(userId);
      await deps.announce(created);
      return;
    }
    const sockets = waiting.get(userId) ?? new Set();
    waiting.set(userId, sockets.add(socketId));
  }

  async function leave(userId: string): Promise<void> {
    waiting.delete(userId);
    await deps.store.leaveMatch(userId);
  }

  return {
    join: (userId: string, socketId: string) => translateUnavailable(() => join(userId, socketId)),
    leave: (userId: string) => translateUnavailable(() => leave(userId)),
    socketGone(userId: string, socketId: string): void {
      const sockets = waiting.get(userId);
      if (sockets === undefined || !sockets.delete(socketId) || sockets.size > 0) return;
      // If it fails the place lapses by itself.
      leave(userId).catch((error: unknown) => deps.log.debug({ err: error }, 'place in the queue not given up'));
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
export type Match = ReturnType<typeof createMatch>;
