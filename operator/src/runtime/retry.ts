/** Pure: whether a failed attempt may be repeated, and after how long. */
export type Outcome = { kind: 'status'; status: number; retryAfterMs?: number } | { kind: 'connection'; sent: boolean };

export interface RetryPolicy {
  maxAttempts: number;
  baseMs: number;
  maxMs: number;
}

export const defaultRetryPolicy: RetryPolicy = { maxAttempts: 5, baseMs: 100, maxMs: 5_000 };

const retryableStatus = new Set([500, 502, 503, 504]);

/**
 * 429, and 5xx with Retry-After, mean by Kubernetes' convention that nothing was done: any call may be repeated.
 * Otherwise only what has the same effect twice, or never reached the server.
 */
function isSafe(outcome: Outcome, idempotent: boolean): boolean {
  if (outcome.kind === 'connection') return idempotent || !outcome.sent;
  if (outcome.status === 429) return true;
  return retryableStatus.has(outcome.status) && (idempotent || outcome.retryAfterMs !== undefined);
}

/**
 * The delay before the next attempt, or undefined to give up. Full jitter on top of what the server asked for, so that
 * clients that were refused together do not come back together.
 */
export function decideRetry(
  outcome: Outcome,
  {
    attempt,
    idempotent,
    random,
    policy = defaultRetryPolicy,
  }: { attempt: number; idempotent: boolean; random: number; policy?: RetryPolicy },
): number | undefined {
  if (attempt >= policy.maxAttempts || !isSafe(outcome, idempotent)) return undefined;
  const ceiling = Math.min(policy.maxMs, policy.baseMs * 2 ** (attempt - 1));
  const asked = outcome.kind === 'status' ? (outcome.retryAfterMs ?? 0) : 0;
  return asked + random * ceiling;
}
