const FIRST_MS = 500;
const MAX_MS = 30_000;

/**
 * Full jitter between 0.5 and 30 s: the ceiling doubles with every failure, the delay is anywhere below it, so that
 * clients which lost one pod do not come back together. `hintMs` of the server is a lower bound, with jitter above it.
 */
export function backoffMs(attempt: number, random: () => number, hintMs = 0): number {
  const ceiling = Math.min(MAX_MS, FIRST_MS * 2 ** Math.min(attempt, 16));
  const jitter = FIRST_MS + random() * (ceiling - FIRST_MS);
  return Math.round(hintMs > 0 ? hintMs + random() * Math.min(ceiling, hintMs) : jitter);
}
