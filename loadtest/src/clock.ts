/**
 * Milliseconds of the machine's monotonic clock: the same in every thread, and no step of the wall clock moves it.
 * `performance.now()` alone counts from the start of its own thread.
 */
const offsetMs = Number(process.hrtime.bigint()) / 1e6 - performance.now();

export function nowMs(): number {
  return performance.now() + offsetMs;
}
