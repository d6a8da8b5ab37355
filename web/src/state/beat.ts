type Listener = () => void;
type Subscribe = (listener: Listener) => Listener;

export interface Beat {
  subscribe: Subscribe;
  /** The user did something and waits for what comes of it: the next changes are told at once. */
  hurry(): void;
}

export interface BeatOptions {
  /** Changes that are told at once after a rest. @default 10 */
  burst?: number;
  /** Milliseconds per change after those: what comes in between is told together. @default 100 */
  everyMs?: number;
  nowMs?: () => number;
}

/**
 * A subscription for what is drawn. A change is told at once; when more come than one can read, several are told together, for each
 * telling costs a picture: 50 messages a second would leave no time to type. What is read from the source is always the newest.
 */
export function createBeat(subscribe: Subscribe, { burst = 10, everyMs = 100, nowMs = () => performance.now() }: BeatOptions = {}): Beat {
  const listeners = new Set<Listener>();
  let credit = burst;
  let countedMs = nowMs();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tell = () => {
    timer = undefined;
    credit -= 1;
    for (const listener of [...listeners]) listener();
  };
  const changed = () => {
    if (timer !== undefined) return;
    const now = nowMs();
    credit = Math.min(burst, credit + (now - countedMs) / everyMs);
    countedMs = now;
    if (credit >= 1) tell();
    else timer = setTimeout(tell, (1 - credit) * everyMs);
  };
  const hurry = () => {
    credit = burst;
    countedMs = nowMs();
    if (timer === undefined) return;
    clearTimeout(timer);
    tell();
  };
  let unsubscribe: Listener | undefined;
  const listen: Subscribe = (listener) => {
    listeners.add(listener);
    unsubscribe ??= subscribe(changed);
    return () => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      unsubscribe?.();
      unsubscribe = undefined;
      clearTimeout(timer);
      timer = undefined;
    };
  };
  return { subscribe: listen, hurry };
}
