/** Clock and timers, so that tests can move time. */
export interface Scheduler {
  /** Epoch milliseconds. */
  now(): number;
  /** Runs `task` once; the returned function cancels it. */
  after(delayMs: number, task: () => void): () => void;
}

/** What the device knows about its network and whether anyone is looking. */
export interface NetworkHints {
  isOnline(): boolean;
  /** `online`, `offline`, or `visible` (the app came to the foreground). Returns how to stop listening. */
  listen(listener: (hint: 'online' | 'offline' | 'visible') => void): () => void;
}

export const systemScheduler: Scheduler = {
  now: () => Date.now(),
  after(delayMs, task) {
    const timer = setTimeout(task, delayMs);
    return () => clearTimeout(timer);
  },
};

/** For Node: nothing tells about the network, so it counts as there. */
export const noHints: NetworkHints = { isOnline: () => true, listen: () => () => {} };
