import type { Logger } from '../log.ts';
import { listRevoked, type RevokedSession } from '../store/sql/auth-sessions.ts';
import type { Db } from '../store/sql/auth-keys.ts';

export interface RevocationOptions {
  db: Db;
  log: Logger;
  accessTokenSeconds: number;
  /** @default 1 s */
  pollMs?: number;
  /** Sessions found by polling that this pod was not told about: their sockets must end. Not called for the first poll: nobody is connected. */
  onRevoked?: (sessions: RevokedSession[]) => void;
  /** Milliseconds, monotonic. @default performance.now */
  now?: () => number;
}

export interface Revocations extends AsyncDisposable {
  isRevoked(sessionId: string): boolean;
  /** From the broadcast of another pod, or of this one; the next poll would find them too. */
  add(sessionIds: Iterable<string>): void;
  poll(): Promise<void>;
}

/** A transaction sets `revoked_at` when it begins and is seen when it commits; none lasts longer than this. */
const OVERLAP_MS = 30_000;

/**
 * Sessions that were revoked while their access tokens may still live. The broadcast over Redis is fast and may be
 * lost; polling Postgres every second is what the 2 s promise rests on. Windows are lengths, never times: the clocks
 * of the pod and of Postgres need not agree.
 */
export async function createRevocations(options: RevocationOptions): Promise<Revocations> {
  const { db, log, accessTokenSeconds, pollMs = 1_000, onRevoked, now = () => performance.now() } = options;
  const keepMs = accessTokenSeconds * 1_000 + OVERLAP_MS;
  const revoked = new Map<string, number>();
  let polledAt: number | null = null;
  let failing = false;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  function add(sessionIds: Iterable<string>): void {
    for (const id of sessionIds) if (!revoked.has(id)) revoked.set(id, now() + keepMs);
  }

  async function poll(): Promise<void> {
    const startedAt = now();
    const windowMs = polledAt === null ? keepMs : startedAt - polledAt + OVERLAP_MS;
    const found = (await listRevoked(db, windowMs)).filter((s) => !revoked.has(s.sessionId));
    const isFirst = polledAt === null;
    polledAt = startedAt;
    add(found.map((s) => s.sessionId));
    // Insertion order is expiry order.
    for (const [id, until] of revoked) {
      if (until > now()) break;
      revoked.delete(id);
    }
    if (found.length > 0 && !isFirst) onRevoked?.(found);
  }

  async function tick(): Promise<void> {
    try {
      await poll();
      failing = false;
    } catch (error) {
      if (!failing) log.warn({ err: error }, 'revoked sessions could not be read');
      failing = true;
    }
    if (!stopped) timer = setTimeout(() => void tick(), pollMs).unref();
  }

  await poll();
  timer = setTimeout(() => void tick(), pollMs).unref();
  return {
    isRevoked: (sessionId) => revoked.has(sessionId),
    add,
    poll,
    async [Symbol.asyncDispose]() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
