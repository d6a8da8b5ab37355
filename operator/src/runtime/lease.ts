import type { KubeClient } from './client-types.ts';
import { type Clock, sleep, systemClock } from './clock.ts';
import { FencedError } from './errors.ts';
import { createLeaseHandle, type LeaseHandle } from './lease-handle.ts';
import { checkDurations, defaultDurations, type LeaseDurations } from './lease-record.ts';
import { type Log, silentLog } from './log.ts';

export interface Leadership {
  /** Aborts when leadership is lost or is to be given up. */
  signal: AbortSignal;
  /** Throws a FencedError once the renew deadline has passed, even if no timer could run meanwhile. */
  check(): void;
  /** Checks before every write. */
  client: KubeClient;
}

export interface LeaseOptions {
  client: KubeClient;
  namespace: string;
  name: string;
  /** Different for every candidate; a pod's name, so that a restarted container need not wait for itself. */
  identity: string;
  /** Ends leadership, or the wait for it. */
  signal: AbortSignal;
  run(leadership: Leadership): Promise<void>;
  durations?: Partial<LeaseDurations>;
  log?: Log;
  metrics?: { leader(name: string, isLeader: boolean): void };
  clock?: Clock;
  random?: () => number;
}

type Deps = Required<Pick<LeaseOptions, 'log' | 'clock' | 'random' | 'signal'>> & { durations: LeaseDurations; handle: LeaseHandle };

/** Jitter only takes away: with 2 s between looks, a crashed leader is noticed at most 2 s after it wrote last. */
const retryDelay = ({ durations, random }: Deps) => durations.retryMs * (0.75 + 0.2 * random());

/** Short enough for a second and third try before the renew deadline when the first one hangs. */
const claimDeadline = ({ durations }: Deps) => Math.max(durations.retryMs, durations.renewDeadlineMs / 3);

/** Waits for the lease; gives when it was won, or undefined when the signal aborted first. */
async function campaign(deps: Deps): Promise<number | undefined> {
  const { handle, signal, clock, log } = deps;
  let holder: string | undefined;
  while (!signal.aborted) {
    let delayMs = retryDelay(deps);
    try {
      const attempt = await handle.claim({ signal, deadlineMs: claimDeadline(deps) });
      if (attempt.held) return attempt.heldFrom;
      if (attempt.holder !== holder) log.info({ holder: attempt.holder }, 'waiting for the lease');
      holder = attempt.holder;
      // At its very end, not at the next look after it.
      delayMs = Math.min(delayMs, Math.max(10, attempt.expiresAt - clock.now()));
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, 'cannot ask for the lease');
    }
    await sleep(clock, delayMs, signal);
  }
  return undefined;
}

interface Term {
  readonly isValid: boolean;
  check(): void;
  /** Renews until the term is lost or `signal` aborts. */
  renew(signal: AbortSignal): Promise<void>;
}

/**
 * A term counts from the moment at which the last successful renewal was sent. Others count from when they saw it, which
 * is later, and for longer: when they may take over, this term has been over for at least leaseMs - renewDeadlineMs.
 */
function createTerm(deps: Deps, heldFrom: number): Term {
  const { clock, durations, handle, log } = deps;
  let validUntil = heldFrom + durations.renewDeadlineMs;

  async function renewOnce(signal: AbortSignal): Promise<void> {
    const deadlineMs = Math.max(1, Math.min(claimDeadline(deps), validUntil - clock.now()));
    try {
      const attempt = await handle.claim({ signal, deadlineMs });
      if (clock.now() >= validUntil) return;
      validUntil = attempt.held ? attempt.heldFrom + durations.renewDeadlineMs : 0;
    } catch (error) {
      if (!signal.aborted) log.warn({ err: error }, 'cannot renew the lease');
    }
  }

  const term: Term = {
    get isValid() {
      return clock.now() < validUntil;
    },
    check() {
      if (!term.isValid) throw new FencedError('leadership is over');
    },
    async renew(signal) {
      while (term.isValid && !signal.aborted) {
        await sleep(clock, Math.min(retryDelay(deps), validUntil - clock.now()), signal);
        if (term.isValid && !signal.aborted) await renewOnce(signal);
      }
      if (!signal.aborted) validUntil = 0;
    },
  };
  return term;
}

/** Runs the work for one term. The lease is given back only when the work has ended and the term still holds. */
async function lead(options: LeaseOptions, deps: Deps, heldFrom: number): Promise<'released' | 'lost'> {
  const { clock, signal, durations, log, handle } = deps;
  const term = createTerm(deps, heldFrom);
  const work = new AbortController();
  /** Unlike `work`, not at a clean stop: what is being written then may end. */
  const over = new AbortController();
  const renewal = new AbortController();
  const stop = () => work.abort(signal.reason);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  const end = () => {
    over.abort(new FencedError('leadership is over'));
    work.abort(over.signal.reason);
  };
  /** Ends the work at once: one that repeats a refused write without a pause lets no timer run that could. */
  const check = () => {
    if (!term.isValid) end();
    term.check();
  };
  let hasEnded = false;
  const running = (async () => {
    try {
      await options.run({ signal: work.signal, check, client: options.client.fenced({ check, signal: over.signal }) });
    } finally {
      hasEnded = true;
    }
  })();
  const renewing = term.renew(renewal.signal).then(() => {
    if (!term.isValid) end();
  });
  const stopping = afterAbort(work.signal, () => sleep(clock, durations.stopMs, renewal.signal));
  try {
    await Promise.race([running, stopping]);
    if (!hasEnded) {
      log.error({ stopMs: durations.stopMs }, 'work did not end when it lost leadership');
      running.catch((error: unknown) => log.warn({ err: error }, 'work failed after the end of its leadership'));
    }
  } finally {
    signal.removeEventListener('abort', stop);
    renewal.abort();
    await renewing;
    if (hasEnded && term.isValid) await release(handle, durations, log);
  }
  return hasEnded && term.isValid ? 'released' : 'lost';
}

async function afterAbort(signal: AbortSignal, next: () => Promise<void>): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  await next();
}

async function release(handle: LeaseHandle, durations: LeaseDurations, log: Log): Promise<void> {
  try {
    await handle.release(Math.min(2_000, durations.renewDeadlineMs));
    log.info({}, 'lease released');
  } catch (error) {
    log.warn({ err: error }, 'could not release the lease; it will expire');
  }
}

/**
 * Waits for the lease, then runs the work until the signal aborts or the lease is lost. `lost` asks the caller to end the
 * process: work that ignored its signal may still be running, though a fenced client sends none of its writes.
 * Throws what the work throws, after giving the lease back.
 */
export async function runElected(options: LeaseOptions): Promise<'released' | 'lost'> {
  const { client, namespace, name, identity, signal, metrics, log = silentLog, clock = systemClock, random = Math.random } = options;
  const durations = { ...defaultDurations, ...options.durations };
  checkDurations(durations);
  const handle = createLeaseHandle({ client, namespace, name, identity, clock, durations });
  const deps: Deps = { durations, handle, log, clock, random, signal };
  metrics?.leader(name, false);
  const heldFrom = await campaign(deps);
  if (heldFrom === undefined) return 'released';
  log.info({ identity }, 'leading');
  metrics?.leader(name, true);
  try {
    return await lead(options, deps, heldFrom);
  } finally {
    metrics?.leader(name, false);
  }
}
