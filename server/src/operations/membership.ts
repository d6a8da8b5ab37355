import type { ConversationAccess } from '../store/types.ts';

export interface MembershipDeps {
  loadAccess(conversationIds: string[]): Promise<ConversationAccess[]>;
  /** Bound of the cache: member records over all conversations. @default 500000 */
  maxMembers?: number;
}

/**
 * Who may do what where, cached per pod. An entry is right for exactly one member version: every append checks the
 * version inside its transaction (`stale`), every publish and membership entry carries it, so a stale copy is found
 * before it can do harm (G6). Loads that ask at the same time share one query.
 */
export function createMembership(deps: MembershipDeps) {
  const cache = new Map<string, ConversationAccess>();
  const loading = new Map<string, Promise<ConversationAccess | undefined>>();
  let wanted: { ids: Set<string>; run: Promise<Map<string, ConversationAccess>> } | undefined;
  const maxMembers = deps.maxMembers ?? 500_000;
  let weight = 0;

  const weigh = (access: ConversationAccess) => access.members.size + access.former.size + 4;

  function forget(id: string): void {
    const old = cache.get(id);
    if (old === undefined) return;
    weight -= weigh(old);
    cache.delete(id);
  }

  function remember(access: ConversationAccess): ConversationAccess {
    const known = cache.get(access.id);
    if (known !== undefined && known.memberVersion > access.memberVersion) return known;
    forget(access.id);
    cache.set(access.id, access);
    weight += weigh(access);
    for (const oldest of cache.keys()) {
      if (weight <= maxMembers || oldest === access.id) break;
      forget(oldest);
    }
    return access;
  }

  function batch(id: string): Promise<Map<string, ConversationAccess>> {
    if (wanted === undefined) {
      const ids = new Set<string>();
      const run = Promise.resolve().then(async () => {
        wanted = undefined;
        const loaded = await deps.loadAccess([...ids]);
        return new Map(loaded.map((access) => [access.id, access]));
      });
      wanted = { ids, run };
    }
    wanted.ids.add(id);
    return wanted.run;
  }

  function load(id: string): Promise<ConversationAccess | undefined> {
    const running = loading.get(id);
    if (running !== undefined) return running;
    const promise = batch(id)
      .then((found) => {
        const access = found.get(id);
        if (access !== undefined) return remember(access);
        forget(id);
        return undefined;
      })
      .finally(() => loading.delete(id));
    loading.set(id, promise);
    return promise;
  }

  return {
    /** The cached copy if it is there and new enough. */
    peek(id: string, atLeastVersion = 0): ConversationAccess | undefined {
      const access = cache.get(id);
      return access !== undefined && access.memberVersion >= atLeastVersion ? access : undefined;
    },
    async get(id: string, atLeastVersion = 0): Promise<ConversationAccess | undefined> {
      const cached = this.peek(id, atLeastVersion);
      if (cached !== undefined) return cached;
      const loaded = await load(id);
      // A load that was under way before the change may bring the older version: ask once more.
      if (loaded !== undefined && loaded.memberVersion < atLeastVersion) return load(id);
      return loaded;
    },
    /** The row of now. The cached copy stays while Postgres is away. */
    reload: (id: string) => load(id),
    invalidate(id: string, olderThanVersion = Number.MAX_SAFE_INTEGER): void {
      const access = cache.get(id);
      if (access !== undefined && access.memberVersion < olderThanVersion) forget(id);
    },
    clear(): void {
      cache.clear();
      weight = 0;
    },
  };
}
export type Membership = ReturnType<typeof createMembership>;
