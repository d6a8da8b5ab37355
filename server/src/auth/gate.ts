/** Runs at most `concurrency` tasks at once; `maxQueue` more wait in order, the others are refused. */
export function createGate(concurrency: number, maxQueue: number, refuse: () => Error): <T>(task: () => Promise<T>) => Promise<T> {
  const waiting: (() => void)[] = [];
  let running = 0;

  return async (task) => {
    if (running >= concurrency) {
      if (waiting.length >= maxQueue) throw refuse();
      // The task before hands its place over, so `running` stays.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      running += 1;
    }
    try {
      return await task();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}
