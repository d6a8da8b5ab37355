/**
 * closed --2 failures in a row--> open --500 ms--> half open (one call in `retryMs`) --success--> closed
 * While open nobody waits for a timeout; the heartbeat probes past it.
 */
export interface Breaker {
  allows(): boolean;
  succeeded(): void;
  failed(): void;
}

/** Times are of the monotonic clock: a wall clock that is set back must not keep it open. */
export function createBreaker({ failures = 2, retryMs = 500, now = () => performance.now() } = {}): Breaker {
  let inARow = 0;
  let openUntil = 0;
  return {
    allows: () => inARow < failures || now() >= openUntil,
    succeeded() {
      inARow = 0;
    },
    failed() {
      inARow += 1;
      if (inARow >= failures) openUntil = now() + retryMs;
    },
  };
}
