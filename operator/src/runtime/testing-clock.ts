import type { Clock } from './clock.ts';

export interface TestingClock extends Clock {
  /** Fires every timer that is due on the way, in order. */
  advance(ms: number): void;
  /** As `advance`, letting promises settle between timers. */
  advanceSettled(ms: number): Promise<void>;
  readonly timers: number;
}

/** Lets every promise that can settle now do so. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

export function createTestingClock(startMs = 0): TestingClock {
  let now = startMs;
  let order = 0;
  const timers = new Map<number, { at: number; action: () => void }>();

  function next(until: number): number | undefined {
    let best: number | undefined;
    for (const [id, { at }] of timers) {
      const bestAt = best === undefined ? Number.POSITIVE_INFINITY : (timers.get(best)?.at ?? 0);
      if (at <= until && at < bestAt) best = id;
    }
    return best;
  }

  /** Fires the first due timer; false when there is none. */
  function fire(until: number): boolean {
    const id = next(until);
    if (id === undefined) return false;
    const timer = timers.get(id);
    timers.delete(id);
    now = Math.max(now, timer?.at ?? now);
    timer?.action();
    return true;
  }

  return {
    now: () => now,
    wall: () => new Date(Date.UTC(2026, 0, 1) + now),
    setTimer(delayMs, action) {
      order += 1;
      const id = order;
      timers.set(id, { at: now + Math.max(0, delayMs), action });
      return () => void timers.delete(id);
    },
    advance(ms) {
      const until = now + ms;
      while (fire(until));
      now = until;
    },
    async advanceSettled(ms) {
      const until = now + ms;
      await settle();
      while (fire(until)) await settle();
      now = until;
    },
    get timers() {
      return timers.size;
    },
  };
}
