import type { RestInput } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { isTimeZone } from '../domain/notifications.ts';
import type { Db } from '../store/sql/auth-keys.ts';
import { loadNotificationSettings, patchNotificationSettings } from '../store/sql/notification-settings.ts';
import { translateUnavailable } from './unavailable.ts';

const minutes = (time: string) => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

/** When a person wants to be left alone. */
export function createNotificationSettings(db: Db) {
  async function patch(userId: string, { quietHours: hours, ...rest }: RestInput<'patchNotifications'>) {
    if (hours && !isTimeZone(hours.timeZone)) {
      throw new ChatError('invalid', { details: [{ path: 'quietHours.timeZone', issue: 'is not a time zone' }] });
    }
    const quietHours = hours && { from: minutes(hours.from), to: minutes(hours.to), timeZone: hours.timeZone };
    return patchNotificationSettings(db, userId, { ...rest, quietHours });
  }

  return {
    load: (userId: string) => translateUnavailable(() => loadNotificationSettings(db, userId)),
    patch: (userId: string, input: RestInput<'patchNotifications'>) => translateUnavailable(() => patch(userId, input)),
  };
}
export type NotificationSettings = ReturnType<typeof createNotificationSettings>;
