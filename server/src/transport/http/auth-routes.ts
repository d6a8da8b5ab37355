import { Router, type Request, type Response } from 'express';
import { z } from 'zod';
import { ChatError } from '@chatcluster/protocol/errors';
import { restSchemas } from '@chatcluster/protocol/rest-schemas';
import { uuid } from '@chatcluster/protocol/socket-schemas';
import type { Accounts } from '../../auth/accounts.ts';
import { requireOrigin, type Authenticate } from '../../auth/authenticate.ts';
import { readCookie, REFRESH_COOKIE } from '../../auth/cookies.ts';
import type { IsAllowedOrigin } from '../../auth/origin.ts';
import type { Tickets } from '../../auth/tickets.ts';
import type { Db } from '../../store/sql/auth-keys.ts';
import { listSessions } from '../../store/sql/auth-sessions.ts';
import type { AuthCookies } from './auth-cookies.ts';
import type { Routes } from './route.ts';
import { createAnswer, deviceOf } from './sign-in-answer.ts';

export interface AuthRouteDeps extends Routes, Pick<Authenticate, 'authenticateRequest'> {
  db: Db;
  accounts: Accounts;
  tickets: Tickets;
  cookies: AuthCookies;
  isAllowedOrigin: IsAllowedOrigin;
}

const idParams = z.object({ id: uuid });

/** Registration, sessions and tokens: everything under /v1/auth. */
export function authRoutes(deps: AuthRouteDeps): Router {
  const { route, open, accounts, tickets, cookies, db } = deps;
  const router = Router();
  const signedIn = createAnswer(deps);

  router.post(
    '/v1/auth/register',
    open({ body: restSchemas.register, status: 201 }, async ({ req, res, body }) => {
      const result = await signedIn({ req, res }, body.tokens, () => accounts.register(body, deviceOf(req, body.deviceId)));
      return result ?? mailSent(res);
    }),
  );
  router.post(
    '/v1/auth/login',
    open({ body: restSchemas.login }, async ({ req, res, body }) =>
      signedIn({ req, res }, body.tokens, () => accounts.login(body, deviceOf(req, body.deviceId))),
    ),
  );
  router.post(
    '/v1/auth/guest',
    open({ body: restSchemas.guest, status: 201 }, async ({ req, res, body }) =>
      signedIn({ req, res }, body.tokens, () => accounts.guest(body, deviceOf(req, body.deviceId))),
    ),
  );
  router.post(
    '/v1/auth/refresh',
    open({ body: restSchemas.refresh }, async ({ req, res, body }) => {
      const token = body.refreshToken ?? readCookie(req.headers.cookie, REFRESH_COOKIE);
      if (token === undefined) throw new ChatError('unauthenticated', { message: 'There is no refresh token in the request.' });
      if (body.refreshToken === undefined) requireOrigin(deps.isAllowedOrigin, req.headers);
      return signedIn({ req, res }, body.refreshToken === undefined ? 'cookie' : 'body', () => accounts.refresh(token));
    }),
  );
  router.post(
    '/v1/auth/logout',
    open({ body: restSchemas.refresh }, async ({ req, res, body }) => {
      await logout(deps, req, body.refreshToken);
      cookies.clear(res);
    }),
  );
  router.post(
    '/v1/auth/tickets',
    route({ status: 201 }, ({ principal }) => tickets.create(principal)),
  );
  router.post(
    '/v1/auth/password/change',
    route({ body: restSchemas.changePassword }, ({ req, principal, body }) => accounts.changePassword(principal, body, deviceOf(req))),
  );

  router.get(
    '/v1/auth/sessions',
    route({}, async ({ principal }) => ({ items: await listSessions(db, principal.userId, principal.sessionId), nextCursor: null })),
  );
  router.delete(
    '/v1/auth/sessions/:id',
    route({ params: idParams }, async ({ res, principal, params }) => {
      if (!(await accounts.endSession(principal.userId, params.id))) throw new ChatError('not_found');
      if (params.id === principal.sessionId) cookies.clear(res);
    }),
  );
  return router;
}

/** The same for every address. */
export function mailSent(res: Response): { mailSent: true } {
  res.status(202);
  return { mailSent: true };
}

/** By whatever the caller still has: an expired access token must not keep a session from being ended. */
async function logout(deps: AuthRouteDeps, req: Request, bodyToken: string | undefined): Promise<void> {
  const { accounts } = deps;
  if (bodyToken !== undefined && (await accounts.endByRefreshToken(bodyToken))) return;
  try {
    const principal = await deps.authenticateRequest(req);
    await accounts.endSession(principal.userId, principal.sessionId);
  } catch (error) {
    const cookie = readCookie(req.headers.cookie, REFRESH_COOKIE);
    if (!(error instanceof ChatError) || cookie === undefined) throw error;
    requireOrigin(deps.isAllowedOrigin, req.headers);
    if (!(await accounts.endByRefreshToken(cookie))) throw error;
  }
}
