/** Time as an argument, so that tests turn hours into microseconds. */
export interface Clock {
  /** Milliseconds that never jump, from an arbitrary start. */
  now(): number;
  /** The time of day, for timestamps that people and other machines read. */
  wall(): Date;
  /** Runs `action` once; the answer cancels it. */
  setTimer(delayMs: number, action: () => void): () => void;
}

/** Longest delay that setTimeout takes; a longer one would fire at once. */
const maxDelayMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => new Date(),
  setTimer(delayMs, action) {
    const timer = setTimeout(action, Math.min(Math.max(0, delayMs), maxDelayMs));
    return () => clearTimeout(timer);
  },
};

/** Ends early, without an error, when the signal aborts: loops look at the signal anyway. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const finish = () => {
    cancel();
    signal.removeEventListener('abort', finish);
    resolve();
  };
  const cancel = clock.setTimer(delayMs, finish);
  signal.addEventListener('abort', finish, { once: true });
  return promise;
}
