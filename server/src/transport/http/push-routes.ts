import { Router } from 'express';
import { ChatError } from '@chatcluster/protocol/errors';
import { restSchemas } from '@chatcluster/protocol/rest-schemas';
import { uuidV7 } from '../../ids.ts';
import type { NotificationSettings } from '../../operations/notification-settings.ts';
import { checkTarget, type VapidKeys } from '../../push/web-push.ts';
import type { Db } from '../../store/sql/auth-keys.ts';
import { deleteSubscription, saveSubscription } from '../../store/sql/push-subscriptions.ts';
import type { Routes } from './route.ts';

export interface PushRouteDeps extends Routes {
  db: Db;
  vapidKeys(): Promise<VapidKeys>;
  settings: NotificationSettings;
  /** Push services speak TLS; only an installation that allows private addresses may name another. */
  allowsPlainHttp: boolean;
}

function invalid(path: string, issue: string): ChatError {
  return new ChatError('invalid', { details: [{ path, issue }] });
}

/** Push subscriptions, and when one wants to be left alone. */
export function pushRoutes({ route, db, vapidKeys, settings, allowsPlainHttp }: PushRouteDeps): Router {
  const router = Router();
  router.get(
    '/v1/push/key',
    route({}, async () => ({ key: (await vapidKeys()).publicKey })),
  );
  router.put(
    '/v1/push/subscriptions',
    route({ body: restSchemas.pushSubscription }, async ({ principal, body }) => {
      const { endpoint, keys } = body;
      if (!endpoint.startsWith('https:') && !allowsPlainHttp) throw invalid('endpoint', 'must begin with https:');
      const wrong = checkTarget(keys);
      if (wrong !== undefined) throw invalid(`keys.${wrong}`, 'is not a key that a browser gives');
      const { userId, sessionId } = principal;
      await saveSubscription(db, { id: uuidV7(), userId, sessionId, endpoint, ...keys });
    }),
  );
  router.delete(
    '/v1/push/subscriptions',
    route({ body: restSchemas.dropPushSubscription }, ({ principal, body }) => deleteSubscription(db, principal.userId, body.endpoint)),
  );
  router.get(
    '/v1/users/me/notifications',
    route({}, ({ principal }) => settings.load(principal.userId)),
  );
  router.patch(
    '/v1/users/me/notifications',
    route({ body: restSchemas.patchNotifications }, ({ principal, body }) => settings.patch(principal.userId, body)),
  );
  return router;
}
