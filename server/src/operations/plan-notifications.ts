import type { PresenceStatus } from '@chatcluster/protocol';
import type pg from 'pg';
import { decideNotifications, type PlanOptions } from '../domain/notifications.ts';
import { commitNotifyPage, readNotifyPage } from '../store/sql/notify-plan.ts';

export interface PlannerDeps {
  pool: pg.Pool;
  presence(userIds: string[]): Promise<ReadonlyMap<string, PresenceStatus>>;
  times: Omit<PlanOptions, 'nowMs'>;
}

/** Of one pass: some milliseconds of Postgres. */
const BATCHES = 50;

/**
 * Reads what was committed since the cursor and writes who is to be told. Off the path of messages: it reads the outbox,
 * behind COMMIT, on pods with the roles `all` and `worker`. Several may do it at once; one of them moves the cursor.
 */
export function createPlanner({ pool, presence, times }: PlannerDeps): () => Promise<boolean> {
  /** True: more is waiting. */
  return async () => {
    const page = await readNotifyPage(pool, BATCHES);
    if (page.nextXid === page.fromXid) return false;
    const shown = await presence([...new Set(page.candidates.map(({ userId }) => userId))]);
    const notices = decideNotifications(page.candidates, shown, { ...times, nowMs: Date.now() });
    await commitNotifyPage(pool, page, notices);
    return page.more;
  };
}
