export interface QueueLimits {
  /** Delay after the first failure of a key; doubles with every further one. @default 5 */
  baseDelayMs?: number;
  /** @default 1_000_000 */
  maxDelayMs?: number;
  /** Retries a second, of all keys together. @default 10 */
  retriesPerSecond?: number;
  /** Retries that may come at once. @default 100 */
  burst?: number;
}

/** `retries` is how often the key has failed before. */
export function backoffMs(retries: number, { baseDelayMs = 5, maxDelayMs = 1_000_000 }: QueueLimits = {}): number {
  return Math.min(maxDelayMs, baseDelayMs * 2 ** retries);
}

/**
 * A token bucket that lends: every caller gets a token, and is told how long it has to wait until that token exists.
 * The answers are in order, so that an early failure never waits for a late one.
 */
export function createTokenBucket({ retriesPerSecond = 10, burst = 100 }: QueueLimits, now: () => number): () => number {
  let tokens = burst;
  let at = now();
  return () => {
    const time = now();
    tokens = Math.min(burst, tokens + ((time - at) / 1_000) * retriesPerSecond) - 1;
    at = time;
    return tokens >= 0 ? 0 : (-tokens / retriesPerSecond) * 1_000;
  };
}

/** A token bucket that refuses: false when its tokens are spent. */
export function createAllowance({ burst, perSecond }: { burst: number; perSecond: number }, now: () => number): () => boolean {
  let tokens = burst;
  let at = now();
  return () => {
    const time = now();
    tokens = Math.min(burst, tokens + ((time - at) / 1_000) * perSecond);
    at = time;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
