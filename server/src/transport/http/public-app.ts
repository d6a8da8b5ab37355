import type { Express } from 'express';
import type { User } from '@chatcluster/protocol';
import type { Auth } from '../../auth/auth.ts';
import type { Config } from '../../config.ts';
import { fileOrigin } from '../../config/files.ts';
import type { Notifications } from '../../operations/notifications.ts';
import type { MessageRate } from '../../limits/message-rate.ts';
import type { OpenedFiles } from '../../lifecycle/open-files.ts';
import type { Logger } from '../../log.ts';
import type { Avatars } from '../../operations/avatars.ts';
import type { Files } from '../../operations/files.ts';
import type { Integrations } from '../../operations/integrations.ts';
import type { Operations } from '../../operations/operations.ts';
import type { Safety } from '../../operations/safety.ts';
import type { Store } from '../../store/store.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import { adminRoutes } from './admin-routes.ts';
import { accountDataRoutes, type AccountDataRouteDeps } from './account-data-routes.ts';
import { createAccountRouters } from './account-routers.ts';
import { createHttpApp } from './app.ts';
import { createAuthCookies } from './auth-cookies.ts';
import { conversationRoutes } from './conversation-routes.ts';
import { inviteRoutes } from './invite-routes.ts';
import { fileDataRoutes } from './file-data-routes.ts';
import { fileRoutes } from './file-routes.ts';
import { messageRoutes } from './message-routes.ts';
import { pushRoutes } from './push-routes.ts';
import { botRoutes } from './bot-routes.ts';
import { unsubscribeRoutes } from './unsubscribe-routes.ts';
import { safetyRoutes } from './safety-routes.ts';
import { searchRoutes } from './search-routes.ts';
import { webhookRoutes } from './webhook-routes.ts';

export interface PublicAppDeps {
  config: Config;
  log: Logger;
  tracing: Tracing;
  auth: Auth;
  store: Store;
  operations: Operations;
  rate: MessageRate;
  safety: Safety;
  files: Files;
  avatars: Avatars;
  volume: OpenedFiles['volume'];
  accountData: Pick<AccountDataRouteDeps, 'exportAccount' | 'deleteAccount'>;
  notifications: Pick<Notifications, 'vapidKeys' | 'settings'>;
  integrations: Integrations;
  onProfileChanged(user: User): void;
}

/** Every route of the public port; a realtime pod takes sockets only and answers 404 to the rest. */
export function createPublicApp(deps: PublicAppDeps): Express {
  const {
    config,
    log,
    tracing,
    auth,
    store,
    operations,
    rate,
    safety,
    integrations,
    files,
    avatars,
    volume,
    accountData,
    notifications,
    onProfileChanged,
  } = deps;
  const { routes, routers } = createAccountRouters({ auth, db: store.pool, read: store.read, log, config, onProfileChanged });
  if (config.role === 'realtime')
    return createHttpApp({ config: { ...config, webRoot: undefined }, log, tracing, isAllowedOrigin: auth.isAllowedOrigin, routers: [] });
  return createHttpApp({
    config,
    log,
    tracing,
    isAllowedOrigin: auth.isAllowedOrigin,
    fileOrigin: fileOrigin(config.files.store),
    routers: [
      // Before the users' routes: there `/v1/users/:id` takes any one word.
      safetyRoutes({ ...routes, ...safety }),
      unsubscribeRoutes({ ...routes, db: store.pool }),
      adminRoutes({ ...routes, ...safety, db: store.pool }),
      pushRoutes({ ...routes, ...notifications, db: store.pool, allowsPlainHttp: config.fetchAllowedNetworks.length > 0 }),
      ...routers,
      accountDataRoutes({
        ...routes,
        ...accountData,
        confirmOwner: auth.confirmOwner,
        cookies: createAuthCookies({ secure: config.secureCookies, lifetimeSeconds: config.limits.refreshTokenSeconds }),
      }),
      conversationRoutes({ ...routes, ...operations }),
      messageRoutes({ ...routes, ...operations, rate }),
      inviteRoutes({ ...routes, ...operations, config }),
      webhookRoutes({ ...routes, ...integrations, config }),
      botRoutes({ ...routes, ...integrations, db: store.pool }),
      searchRoutes({ ...routes, ...operations }),
      fileRoutes({ ...routes, files, avatars, publicUrl: config.publicUrl, onProfileChanged }),
      ...(volume ? [fileDataRoutes(volume)] : []),
    ],
  });
}
