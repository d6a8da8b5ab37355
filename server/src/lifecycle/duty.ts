import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { claimDuty, releaseDuty } from '../store/sql/duties.ts';

/** How long a pod that died keeps the others from the work. */
const LEASE_MS = 4_000;
/** Two of these may fail before the lease ends. */
const RENEW_MS = 1_200;

export interface DutyDeps {
  db: Db;
  isPostgresReachable(): boolean;
  log: Logger;
  /** @default 4 s */
  leaseMs?: number;
}

/** Work that looks for news in Postgres all the time, and that one pod of the cluster does for all. */
export interface Duty extends AsyncDisposable {
  /**
   * While this pod is on duty, runs `step` until it says that nothing is left, then again after `pollMs`. After each step it rests for as
   * long as that took, `pollMs` at most: whoever sends waits for the same processors of Postgres, and nobody waits for this. What it throws
   * is logged and tried again. Two pods may be on duty for a moment (one froze, and woke): `step` must bear that. Runs until the duty is
   * disposed of.
   *
   * @param step resolves to whether more is waiting.
   */
  repeat(name: string, pollMs: number, step: (signal: AbortSignal) => Promise<boolean>): void;
}

/**
 * Pods with the roles `all` and `worker` share one lease; who holds it polls. The others would only ask Postgres the same
 * questions (with three pods they did three times a second each).
 */
export function openDuty({ role }: Pick<Config, 'role'>, deps: DutyDeps): Duty {
  if (role !== 'all' && role !== 'worker') return { repeat: () => undefined, [Symbol.asyncDispose]: async () => undefined };
  const { db, log, leaseMs = LEASE_MS } = deps;
  const holder = randomUUID();
  const stop = new AbortController();
  const { signal } = stop;
  const renewMs = Math.min(RENEW_MS, leaseMs / 3);
  const pause = (ms: number) => wait(ms, undefined, { signal }).catch(() => undefined);
  let heldUntil = -Infinity;
  const isMine = () => performance.now() < heldUntil;

  async function hold(): Promise<void> {
    while (!signal.aborted) {
      // Counted from before the question: this pod never takes the lease for longer than Postgres does.
      const askedAt = performance.now();
      if (deps.isPostgresReachable())
        await claimDuty(db, holder, leaseMs).then(
          (isHeld) => (heldUntil = isHeld ? askedAt + leaseMs : -Infinity),
          (error: unknown) => log.debug({ err: error }, 'duty could not be asked for'),
        );
      await pause(renewMs);
    }
  }

  async function work(name: string, pollMs: number, step: (signal: AbortSignal) => Promise<boolean>): Promise<void> {
    while (!signal.aborted) {
      const startedAt = performance.now();
      const isMore =
        isMine() &&
        deps.isPostgresReachable() &&
        (await step(signal).catch((error: unknown) => void log.debug({ err: error }, `${name} failed and is tried again`)));
      await pause(isMore ? Math.min(performance.now() - startedAt, pollMs) : pollMs);
    }
  }

  const running = [hold()];
  return {
    repeat: (name, pollMs, step) => void running.push(work(name, pollMs, step)),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await Promise.all(running);
      if (isMine()) await releaseDuty(db, holder).catch(() => undefined);
    },
  };
}
