import type { Scheduler } from './scheduler.ts';

interface Task {
  at: number;
  run: () => void;
}

/** A clock for tests that stands still until it is moved. */
export function createFakeScheduler(startAt = Date.UTC(2030, 0, 1)) {
  let now = startAt;
  const tasks = new Set<Task>();
  const scheduler: Scheduler = {
    now: () => now,
    after(delayMs, run) {
      const task = { at: now + delayMs, run };
      tasks.add(task);
      return () => void tasks.delete(task);
    },
  };
  /** Lets everything that is ready run, then moves on timer by timer. */
  async function advance(ms: number): Promise<void> {
    const end = now + ms;
    await settle();
    for (let next = earliest(end); next !== undefined; next = earliest(end)) {
      tasks.delete(next);
      now = Math.max(now, next.at);
      next.run();
      await settle();
    }
    now = end;
  }
  const earliest = (end: number) => [...tasks].filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0];
  return { ...scheduler, advance, pending: () => tasks.size };
}

/** Runs what promises have in line. */
export async function settle(): Promise<void> {
  for (let round = 0; round < 5; round += 1) await new Promise((resolve) => setImmediate(resolve));
}
