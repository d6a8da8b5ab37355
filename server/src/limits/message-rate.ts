import { ChatError } from '@chatcluster/protocol/errors';
import type { Limits } from '@chatcluster/protocol';
import { createKeyedBuckets } from './token-bucket.ts';

export interface MessageRateDeps {
  limits: Pick<Limits, 'messagesPerSecond' | 'messageBurst'>;
  enabled: boolean;
  /** Cluster-wide bucket on Redis: all of `want` or nothing; rejects when Redis is away. Absent: per pod. */
  takeShared?(key: string, want: number, perSecond: number, burst: number): Promise<{ granted: boolean; retryAfterMs: number }>;
  nowMs?: () => number;
}

/** Guests: 1 a second, bursts of 10 (protocol.md 9). */
const GUEST = { perSecond: 1, burst: 10 };
/** Tokens fetched from Redis at once: one round trip serves several messages of a busy writer. */
const LEASE = 5;
const LEASE_MS = 1_000;

/** Messages per user over all pods; per pod while Redis is away. */
export function createMessageRate(deps: MessageRateDeps) {
  const { limits, nowMs = () => performance.now() } = deps;
  const users = createKeyedBuckets(limits.messagesPerSecond, limits.messageBurst);
  const guests = createKeyedBuckets(GUEST.perSecond, GUEST.burst);
  const leases = new Map<string, { left: number; until: number }>();
  const filling = new Map<string, Promise<number>>();
  let sweptAt = 0;

  function sweep(now: number): void {
    if (now - sweptAt < LEASE_MS) return;
    sweptAt = now;
    for (const [key, lease] of leases) if (lease.until < now) leases.delete(key);
  }

  function takeLocal(userId: string, guest: boolean): number {
    return (guest ? guests : users).take(userId, nowMs());
  }

  /** Fills the lease; answers 0, or the ms until Redis would give another token. */
  async function fill(userId: string, guest: boolean): Promise<number> {
    const perSecond = guest ? GUEST.perSecond : limits.messagesPerSecond;
    const burst = guest ? GUEST.burst : limits.messageBurst;
    const key = `rate:message:${userId}`;
    const want = Math.max(1, Math.min(LEASE, Math.floor(burst / 3)));
    for (const count of want > 1 ? [want, 1] : [1]) {
      const taken = await deps.takeShared!(key, count, perSecond, burst);
      if (taken.granted) {
        leases.set(userId, { left: count, until: nowMs() + LEASE_MS });
        return 0;
      }
      if (count === 1) return Math.max(1, taken.retryAfterMs);
    }
    return 1;
  }

  /** Callers of the same user share one round trip: each with a lease of its own would use up the burst unspent. */
  function filled(userId: string, guest: boolean): Promise<number> {
    let running = filling.get(userId);
    if (running === undefined) {
      running = fill(userId, guest).finally(() => filling.delete(userId));
      filling.set(userId, running);
    }
    return running;
  }

  function takeLeased(userId: string): boolean {
    const lease = leases.get(userId);
    if (lease === undefined || lease.left === 0 || lease.until < nowMs()) return false;
    lease.left -= 1;
    return true;
  }

  async function takeShared(userId: string, guest: boolean): Promise<number> {
    for (;;) {
      const waitMs = await filled(userId, guest);
      if (waitMs > 0) return waitMs;
      if (takeLeased(userId)) return 0;
    }
  }

  return {
    /** undefined: granted without a wait; else a promise that rejects with `rate_limited`. */
    take(userId: string, guest: boolean): Promise<void> | undefined {
      if (!deps.enabled) return undefined;
      sweep(nowMs());
      const refuse = (retryAfterMs: number) => {
        if (retryAfterMs > 0) throw new ChatError('rate_limited', { retryAfterMs });
      };
      if (deps.takeShared === undefined) {
        const waitMs = takeLocal(userId, guest);
        return waitMs === 0 ? undefined : Promise.reject(new ChatError('rate_limited', { retryAfterMs: waitMs }));
      }
      // Those who wait for tokens go first.
      if (!filling.has(userId) && takeLeased(userId)) return undefined;
      return takeShared(userId, guest)
        .catch(() => takeLocal(userId, guest))
        .then(refuse);
    },
  };
}
export type MessageRate = ReturnType<typeof createMessageRate>;
