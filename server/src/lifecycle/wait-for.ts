import type { Logger } from '../log.ts';

export interface WaitForOptions {
  /** What is waited for, as the reader of the log knows it: "Postgres at db.example.org:5432". */
  what: string;
  attempt(): Promise<void>;
  log: Logger;
  signal: AbortSignal;
  /** A failure that waiting cannot mend (wrong password); it is thrown at once. */
  isHopeless?(error: unknown): boolean;
}

const FIRST_MS = 200;
const LONGEST_MS = 5_000;

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

/** Tries until it works, saying each time (with growing pauses) what is missing. Rejects when aborted. */
export async function waitFor({ what, attempt, log, signal, isHopeless }: WaitForOptions): Promise<void> {
  let waitMs = FIRST_MS;
  for (;;) {
    signal.throwIfAborted();
    try {
      await attempt();
      return;
    } catch (error) {
      if (isHopeless?.(error)) throw error;
      const reason = error instanceof AggregateError ? (error.errors[0] as Error).message : (error as Error).message;
      log.warn({ reason, retryInMs: waitMs }, `waiting for ${what}`);
      await pause(waitMs, signal);
      waitMs = Math.min(LONGEST_MS, waitMs * 2);
    }
  }
}
