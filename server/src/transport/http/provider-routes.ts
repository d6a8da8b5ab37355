import { Router } from 'express';
import { z } from 'zod';
import { restSchemas } from '@chatcluster/protocol/rest-schemas';
import { readCookie } from '../../auth/cookies.ts';
import type { SignInWith } from '../../auth/providers/sign-in-with.ts';
import type { SignUpDefence } from '../../auth/sign-up-defence.ts';
import type { AccountSettings } from '../../config/accounts.ts';
import type { Logger } from '../../log.ts';
import { attemptCookie, type AuthCookies } from './auth-cookies.ts';
import { describeError, toChatError } from './problem.ts';
import type { Routes } from './route.ts';
import { deviceOf } from './sign-in-answer.ts';

export interface ProviderRouteDeps extends Routes {
  log: Logger;
  signInWith: SignInWith;
  defence: Pick<SignUpDefence, 'create'>;
  cookies: AuthCookies;
  settings: Pick<AccountSettings, 'guests' | 'mail' | 'challengeBits'>;
}

const nameParams = z.object({ name: z.string().max(63) });

/** Ways to sign in that this installation offers, and the way to identity providers and back. */
export function providerRoutes({ open, log, signInWith, defence, cookies, settings }: ProviderRouteDeps): Router {
  const router = Router();
  router.get(
    '/v1/auth/providers',
    open({}, () => ({
      items: signInWith.list().map((each) => ({ ...each, startUrl: `/v1/auth/providers/${each.name}/start` })),
      guests: settings.guests,
      mail: settings.mail !== undefined,
      challenge: settings.challengeBits > 0,
    })),
  );
  router.get(
    '/v1/auth/challenge',
    open({}, () => defence.create()),
  );
  router.get(
    '/v1/auth/providers/:name/start',
    open({ params: nameParams, query: restSchemas.startProvider }, async ({ res, params, query }) => {
      const { location, ...attempt } = await signInWith.start(params.name, query.returnTo);
      cookies.keepAttempt(res, attempt);
      res.set('Cache-Control', 'no-store').redirect(303, location);
    }),
  );
  router.get(
    '/v1/auth/providers/:name/callback',
    open({ params: nameParams }, async ({ req, res, params }) => {
      const state = typeof req.query.state === 'string' ? req.query.state : '';
      cookies.clearAttempt(res, state);
      res.set('Cache-Control', 'no-store');
      try {
        const sealed = readCookie(req.headers.cookie, attemptCookie(state));
        const { result, returnTo } = await signInWith.finish(params.name, { path: req.originalUrl, sealed }, deviceOf(req));
        if ('accessToken' in result) cookies.set(res, result);
        res.redirect(303, 'accessToken' in result ? returnTo : `/#/mfa/${result.mfaToken}`);
      } catch (thrown) {
        // A person is looking: the page says what is to be done, where JSON would be read by nobody.
        const { error } = toChatError(thrown);
        if (error.code === 'not_found') throw error;
        const cause = describeError(error.cause ?? error);
        log.warn({ requestId: req.id, provider: params.name, code: error.code, error: cause }, 'sign-in by a provider failed');
        res.redirect(303, `/#/sign-in-failed/${error.code}`);
      }
    }),
  );
  return router;
}
