import type { PresenceStatus } from '@chatcluster/protocol';
import type pg from 'pg';
import type { Config } from '../config.ts';
import type { JobRunner } from '../jobs/runner.ts';
import type { Duty } from '../lifecycle/duty.ts';
import { createSafeFetch } from '../net/safe-fetch.ts';
import { createNotificationSettings, type NotificationSettings } from './notification-settings.ts';
import { createDispatcher } from './dispatch-notices.ts';
import { createPlanner } from './plan-notifications.ts';
import type { PresenceBackend } from '../presence/backend.ts';
import { createPushHandler, PUSH_JOB, type SendPushDeps } from '../push/send-push.ts';
import { createVapidKeys, type VapidKeys } from '../push/web-push.ts';
import { loadVapidKeys } from '../store/sql/push-subscriptions.ts';

export interface NotificationDeps {
  pool: pg.Pool;
  jobs: JobRunner;
  presence: Pick<PresenceBackend, 'get'>;
  duty: Pick<Duty, 'repeat'>;
  hasMail: boolean;
  onPush: SendPushDeps['onSent'];
}

export interface Notifications {
  /** The installation's keys, of which browsers want the public one. */
  vapidKeys(): Promise<VapidKeys>;
  settings: NotificationSettings;
}

const POLL_MS = 300;
/** What comes within this time is one notice for somebody who is away. */
const MERGE_MS = 1_000;

/** Plans and sends notifications on pods with the roles `all` and `worker`; the others only hand out the public key. */
export function openNotifications(config: Config, deps: NotificationDeps): Notifications {
  const { notifications, publicUrl } = config;
  const { pool } = deps;
  let keys: Promise<VapidKeys> | undefined;
  const vapidKeys = () => {
    keys ??= notifications.vapid ? Promise.resolve(notifications.vapid) : loadVapidKeys(pool, createVapidKeys);
    keys.catch(() => (keys = undefined));
    return keys;
  };
  deps.jobs.handle(
    PUSH_JOB,
    createPushHandler({
      db: pool,
      fetch: createSafeFetch({ allowedNetworks: config.fetchAllowedNetworks }),
      keys: vapidKeys,
      subject: notifications.vapidSubject ?? (publicUrl?.startsWith('https:') ? publicUrl : 'mailto:admin@localhost.localdomain'),
      onSent: deps.onPush,
    }),
  );
  const presence = async (userIds: string[]): Promise<ReadonlyMap<string, PresenceStatus>> => {
    if (userIds.length === 0) return new Map();
    // Redis is away: taken for online, so that they get the time to read it.
    return deps.presence.get(userIds).catch(() => new Map(userIds.map((id) => [id, 'online' as const])));
  };
  const plan = createPlanner({
    pool,
    presence,
    times: {
      onlineDelayMs: notifications.onlineDelaySeconds * 1_000,
      mergeMs: MERGE_MS,
      mailDelayMs: deps.hasMail && notifications.mailMinutes > 0 ? notifications.mailMinutes * 60_000 : undefined,
    },
  });
  const dispatch = createDispatcher({ pool, presence });
  // Nothing is lost when they fail: the cursor and the notices are in Postgres, and the next pass begins there.
  deps.duty.repeat('planning notifications', POLL_MS, plan);
  deps.duty.repeat('handing notices on', POLL_MS, dispatch);
  return { vapidKeys, settings: createNotificationSettings(pool) };
}
