import type { Clock } from './clock.ts';
import { DeadlineError } from './errors.ts';

export interface DeadlineOptions {
  clock: Clock;
  deadlineMs: number;
  /** What is being waited for, for the message. */
  what: string;
  /** Any of them ends the work. */
  signals: (AbortSignal | undefined)[];
}

/** Gives `work` a signal that aborts at the deadline or with one of the others; leaves no listener and no timer behind. */
export async function withDeadline<T>(options: DeadlineOptions, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { clock, deadlineMs, what } = options;
  const signals = options.signals.filter((signal) => signal !== undefined);
  for (const signal of signals) signal.throwIfAborted();
  const call = new AbortController();
  const listeners = signals.map((signal) => ({ signal, abort: () => call.abort(signal.reason) }));
  for (const { signal, abort } of listeners) signal.addEventListener('abort', abort, { once: true });
  const cancel = clock.setTimer(deadlineMs, () => call.abort(new DeadlineError(`${what}: no answer within ${deadlineMs} ms`)));
  try {
    return await work(call.signal);
  } finally {
    cancel();
    for (const { signal, abort } of listeners) signal.removeEventListener('abort', abort);
  }
}

/** For promises that take no signal: what they wait for goes on, but nobody waits with them. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
