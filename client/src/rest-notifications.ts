import type { NotificationSettings } from '@chatcluster/protocol';
import type { Call } from './rest.ts';

/** A browser's subscription, as `PushSubscription.toJSON()` gives it. */
export interface PushSubscriptionInput {
  endpoint: string;
  keys: { p256dh: string; auth: string };
}

export function notificationRoutes(call: Call) {
  const own = '/v1/users/me/notifications';
  return {
    pushKey: () => call<{ key: string }>({ method: 'GET', path: '/v1/push/key' }),
    subscribePush: (body: PushSubscriptionInput) => call<void>({ method: 'PUT', path: '/v1/push/subscriptions', body }),
    unsubscribePush: (endpoint: string) => call<void>({ method: 'DELETE', path: '/v1/push/subscriptions', body: { endpoint } }),
    notificationSettings: () => call<NotificationSettings>({ method: 'GET', path: own }),
    updateNotificationSettings: (body: Partial<NotificationSettings>) => call<NotificationSettings>({ method: 'PATCH', path: own, body }),
  };
}
