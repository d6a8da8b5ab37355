import { randomUUID } from 'node:crypto';
import type { PresenceStatus } from '@chatcluster/protocol';
import type pg from 'pg';
import { decideDelivery } from '../domain/notifications.ts';
import { claimNotices, settleNotices } from '../store/sql/notify-deliver.ts';

export interface DispatcherDeps {
  pool: pg.Pool;
  presence(userIds: string[]): Promise<ReadonlyMap<string, PresenceStatus>>;
}

const AT_ONCE = 200;
const LEASE_MS = 30_000;

/** Makes jobs of the notices whose time has come and that are still news. True: more is waiting. */
export function createDispatcher({ pool, presence }: DispatcherDeps): () => Promise<boolean> {
  return async () => {
    const lease = randomUUID();
    const due = await claimNotices(pool, { limit: AT_ONCE, lease, leaseMs: LEASE_MS });
    if (due.length === 0) return false;
    const shown = await presence([...new Set(due.map(({ userId }) => userId))]);
    const nowMs = Date.now();
    const judged = due.map((notice) => ({ ...notice, tell: decideDelivery(notice, shown.get(notice.userId) ?? 'offline', nowMs) }));
    await settleNotices(pool, lease, judged);
    return due.length === AT_ONCE;
  };
}
