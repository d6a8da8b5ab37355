import type { Router } from 'express';
import type { User } from '@chatcluster/protocol';
import type { Auth } from '../../auth/auth.ts';
import type { Config } from '../../config.ts';
import type { Logger } from '../../log.ts';
import type { Db } from '../../store/sql/auth-keys.ts';
import type { Store } from '../../store/store.ts';
import { adminLinkRoutes } from './admin-link-routes.ts';
import { createAuthCookies } from './auth-cookies.ts';
import { authRoutes } from './auth-routes.ts';
import { mailLinkRoutes } from './mail-link-routes.ts';
import { providerRoutes } from './provider-routes.ts';
import { createRoutes, type Routes } from './route.ts';
import { serviceRoutes } from './service-routes.ts';
import { totpRoutes } from './totp-routes.ts';
import { userRoutes } from './user-routes.ts';

export interface AccountRouterDeps {
  auth: Auth;
  db: Db;
  read: Store['read'];
  log: Logger;
  config: Pick<Config, 'secureCookies' | 'limits' | 'accounts'>;
  onProfileChanged: (user: User) => void;
  specRoot?: string;
}

/** The routers about people and their sessions, and the helper with which other routers are made. */
export function createAccountRouters({ auth, db, read, log, config, onProfileChanged, specRoot }: AccountRouterDeps): {
  routes: Routes;
  routers: Router[];
} {
  const routes = createRoutes(auth);
  const cookies = createAuthCookies({ secure: config.secureCookies, lifetimeSeconds: config.limits.refreshTokenSeconds });
  return {
    routes,
    routers: [
      serviceRoutes({ keys: auth.keys, specRoot }),
      authRoutes({ ...routes, ...auth, db, cookies }),
      mailLinkRoutes({ ...routes, ...auth, cookies, onProfileChanged }),
      totpRoutes({ ...routes, ...auth, db, cookies }),
      providerRoutes({ ...routes, ...auth, log, cookies, settings: config.accounts }),
      adminLinkRoutes({ ...routes, ...auth }),
      userRoutes({ ...routes, db, read, onProfileChanged }),
    ],
  };
}
