import type { Logger } from '../log.ts';

export interface GateDeps {
  isPostgresReachable(): boolean;
  isRedisUsable(): boolean;
  /** Writes this pod's lease; true when Redis holds one that says that this pod reaches Postgres. */
  tellLease(): Promise<boolean>;
  /** Conversations with queued messages. */
  listPending(): Promise<string[]>;
  log: Logger;
  /** Monotonic. @default performance.now */
  now?: () => number;
}

const TICK_MS = 250;
/** Shorter than a lease: a pod that stood still this long may have been counted out. */
const FROZEN_MS = 3_000;
const REFRESH_MS = 1_000;

/**
 * Whether sends of this pod may go straight to Postgres, past the queue of one Redis server.
 *
 *   closed  at the start, when Postgres cannot be reached from here, after this pod stood still. Nothing goes past.
 *   opening Postgres answers again: first the lease says so, which ends all new queueing on every pod, and only then the
 *           list of conversations with queued messages is read. It can but shrink from here on.
 *   open    sends go straight, except in conversations that are still on the list.
 *
 * Without Redis nobody can queue either: it opens at once, unless a queue may be lying there that could not be read.
 */
export interface Gate extends Disposable {
  isOpen(): boolean;
  isPending(conversationId: string): boolean;
  /** Redis says that nothing of it waits any more. */
  forget(conversationId: string): void;
  /** True as soon as it is open; false after `ms`, and at once while Postgres is away. */
  opened(ms: number): Promise<boolean>;
  /** Looks now: Postgres has gone or come. */
  look(): void;
  /** Redis has lost this pod's lease: the list may have grown. */
  refresh(): Promise<void>;
}

export function createGate(deps: GateDeps): Gate {
  const { now = () => performance.now() } = deps;
  let pending = new Set<string>();
  let open = false;
  let opening: Promise<void> | undefined;
  let mayQueueExist = false;
  let generation = 0;
  let lookedAt = now();
  let refreshedAt = now();
  const waiters = new Set<() => void>();

  function close(): void {
    open = false;
    generation += 1;
  }

  function setOpen(list: string[]): void {
    pending = new Set(list);
    mayQueueExist = list.length > 0;
    open = true;
    for (const wake of waiters) wake();
  }

  async function tryOpen(): Promise<void> {
    const mine = generation;
    if (!deps.isRedisUsable()) {
      if (!mayQueueExist) setOpen([]);
      return;
    }
    if (!(await deps.tellLease())) return;
    const list = await deps.listPending();
    if (mine === generation) setOpen(list);
  }

  async function refresh(): Promise<void> {
    refreshedAt = now();
    const list = await deps.listPending();
    mayQueueExist = list.length > 0;
    // A send may have found out meanwhile that one is empty: it asks Redis once more, no harm.
    pending = new Set(list);
  }

  function quietly(work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) => deps.log.debug({ err: error }, 'queued conversations could not be read'));
  }

  function look(): void {
    const stoodMs = now() - lookedAt;
    lookedAt = now();
    if (!deps.isPostgresReachable()) {
      if (open || opening) close();
      if (deps.isRedisUsable()) mayQueueExist = true;
      return;
    }
    if (stoodMs > FROZEN_MS) close();
    if (!open) opening ??= quietly(tryOpen()).finally(() => (opening = undefined));
    else if (pending.size > 0 && now() - refreshedAt > REFRESH_MS) void quietly(refresh());
  }

  const isOpen = () => open && now() - lookedAt <= FROZEN_MS;
  const timer = setInterval(look, TICK_MS);
  timer.unref();
  return {
    isOpen,
    isPending: (conversationId) => pending.has(conversationId),
    forget: (conversationId) => void pending.delete(conversationId),
    opened(ms) {
      if (isOpen() || !deps.isPostgresReachable()) return Promise.resolve(isOpen());
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const wake = () => resolve(true);
      const giveUp = setTimeout(() => resolve(false), ms);
      waiters.add(wake);
      look();
      return promise.finally(() => {
        clearTimeout(giveUp);
        waiters.delete(wake);
      });
    },
    look,
    refresh: () => quietly(refresh()),
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
