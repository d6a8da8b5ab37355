/**
 * A bucket that refills evenly. Rates and bursts as in protocol.md 9; times in ms from one monotonic clock.
 * `take` answers 0 when it was granted, else the ms until enough tokens are there.
 */
export interface TokenBucket {
  take(nowMs: number, count?: number): number;
}

export function createTokenBucket(perSecond: number, burst: number): TokenBucket {
  let tokens = burst;
  let last: number | undefined;
  return {
    take(nowMs, count = 1) {
      if (last !== undefined && nowMs > last) tokens = Math.min(burst, tokens + ((nowMs - last) * perSecond) / 1000);
      last = nowMs;
      if (tokens >= count) {
        tokens -= count;
        return 0;
      }
      return Math.ceil(((count - tokens) * 1000) / perSecond);
    },
  };
}

/** One bucket per key; full buckets are forgotten, so memory follows those who are active. */
export function createKeyedBuckets(perSecond: number, burst: number) {
  const buckets = new Map<string, { bucket: TokenBucket; usedAt: number }>();
  const refillMs = (burst / perSecond) * 1000;
  let sweptAt = 0;

  function sweep(nowMs: number): void {
    if (nowMs - sweptAt < refillMs) return;
    sweptAt = nowMs;
    for (const [key, { usedAt }] of buckets) if (nowMs - usedAt > refillMs) buckets.delete(key);
  }

  return {
    take(key: string, nowMs: number, count = 1): number {
      sweep(nowMs);
      let known = buckets.get(key);
      if (known === undefined) {
        known = { bucket: createTokenBucket(perSecond, burst), usedAt: nowMs };
        buckets.set(key, known);
      }
      known.usedAt = nowMs;
      return known.bucket.take(nowMs, count);
    },
    get size(): number {
      return buckets.size;
    },
  };
}
export type KeyedBuckets = ReturnType<typeof createKeyedBuckets>;
