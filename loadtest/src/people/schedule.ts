import { exponential, type Random } from '../random.ts';

/**
 * Moments at which something is meant to happen, decided before anybody looks how the server does: whoever is late with
 * carrying them out still counts from them.
 */
export function createArrivals(perSecond: number, startMs: number, random: Random): (now: number) => number[] {
  if (perSecond <= 0) return () => [];
  const meanMs = 1_000 / perSecond;
  let next = startMs + exponential(random, meanMs);
  return (now) => {
    const due: number[] = [];
    for (; next <= now; next += exponential(random, meanMs)) due.push(next);
    return due;
  };
}

/** The next turn of one person in a closed loop: on schedule when there is one, else as soon as the last answer was there. */
export function nextTurn(lastIntendedMs: number, paceMs: number, now: number): number {
  return paceMs > 0 ? lastIntendedMs + paceMs : now;
}
