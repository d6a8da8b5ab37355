import type { Router } from 'express';
import type { User } from '@chatcluster/protocol';
import type { Auth } from '../../auth/auth.ts';
import type { Config } from '../../config.ts';
import type { Db } from '../../store/sql/auth-keys.ts';
import { createAuthCookies } from './auth-cookies.ts';
import { authRoutes } from './auth-routes.ts';
import { createRoutes, type Routes } from './route.ts';
import { serviceRoutes } from './service-routes.ts';
import { userRoutes } from './user-routes.ts';

export interface AccountRouterDeps {
  auth: Auth;
  db: Db;
  config: Pick<Config, 'secureCookies' | 'limits'>;
  onProfileChanged: (user: User) => void;
  specRoot?: string;
}

/** The routers about people and their sessions, and the helper with which other routers are made. */
export function createAccountRouters({ auth, db, config, onProfileChanged, specRoot }: AccountRouterDeps): {
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
      userRoutes({ ...routes, db, onProfileChanged }),
    ],
  };
}
