import type { NamedServer, RoutedDeps } from './core.ts';

/** Which large conversations have a route to this pod, and for the sake of which users. */
export interface LargeRoutes {
  joined(): Iterable<string>;
  arrived(userId: string): Promise<void>;
  left(userId: string): void;
  /** Entries of the conversation were delivered to these users: it needs a route (someone was added, or it has grown large). */
  delivered(conversationId: string, userIds: Iterable<string>): void;
  /**
   * True for the first two seconds in which this pod publishes to a conversation as a large one. Until then pods may hold
   * members without having registered it: the publisher routes by user as well, and whoever gets that registers.
   */
  isSettling(conversationId: string): boolean;
}

const SETTLING_MS = 2_000;
const MAX_SETTLED = 10_000;

export function createLargeRoutes({ deps, servers }: { deps: RoutedDeps; servers: NamedServer[] }): LargeRoutes {
  const users = new Map<string, Set<string>>();
  const conversationsOf = new Map<string, Set<string>>();
  const firstPublish = new Map<string, number>();

  async function join(userId: string, conversationIds: string[]): Promise<void> {
    const mine = conversationsOf.get(userId) ?? new Set();
    if (deps.hub.socketsOf(userId).size === 0) return;
    conversationsOf.set(userId, mine);
    const fresh: string[] = [];
    for (const id of conversationIds) {
      mine.add(id);
      const known = users.get(id);
      if (known) known.add(userId);
      else users.set(id, new Set([userId]));
      if (!known) fresh.push(id);
    }
    if (fresh.length > 0) await Promise.all(servers.map((server) => server.register('join', fresh)));
  }

  function drop(userId: string): string[] {
    const empty: string[] = [];
    for (const id of conversationsOf.get(userId) ?? []) {
      const left = users.get(id);
      left?.delete(userId);
      if (left?.size === 0) {
        users.delete(id);
        empty.push(id);
      }
    }
    conversationsOf.delete(userId);
    return empty;
  }

  const arrived = async (userId: string): Promise<void> => {
    try {
      await join(userId, await deps.largeConversationsOf(userId));
    } catch (error) {
      deps.log.warn({ err: error }, 'large conversations of a user could not be listed; trying again');
      setTimeout(() => {
        if (deps.hub.socketsOf(userId).size > 0) void arrived(userId);
      }, 1_000).unref();
    }
  };

  return {
    joined: () => users.keys(),
    arrived,
    left(userId) {
      const empty = drop(userId);
      if (empty.length > 0) for (const server of servers) void server.unregister('leave', empty, (id) => users.has(id));
    },
    delivered(conversationId, userIds) {
      for (const userId of userIds) if (!conversationsOf.get(userId)?.has(conversationId)) void join(userId, [conversationId]);
    },
    isSettling: (conversationId) => isSettling(firstPublish, conversationId),
  };
}

function isSettling(firstPublish: Map<string, number>, conversationId: string): boolean {
  const first = firstPublish.get(conversationId);
  if (first !== undefined) return performance.now() - first < SETTLING_MS;
  firstPublish.set(conversationId, performance.now());
  if (firstPublish.size > MAX_SETTLED) firstPublish.delete(firstPublish.keys().next().value ?? conversationId);
  return true;
}
