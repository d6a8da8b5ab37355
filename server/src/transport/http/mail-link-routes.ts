import { Router } from 'express';
import type { OwnUser, User } from '@chatcluster/protocol';
import { restSchemas } from '@chatcluster/protocol/rest-schemas';
import type { MailLinks } from '../../auth/mail-links.ts';
import { toPublic } from '../../store/sql/user-rows.ts';
import { mailSent } from './auth-routes.ts';
import type { Routes } from './route.ts';
import { createAnswer, deviceOf, type AnswerDeps } from './sign-in-answer.ts';

export interface MailLinkRouteDeps extends Routes, AnswerDeps {
  mailLinks: MailLinks;
  /** Tells those who see this person. */
  onProfileChanged: (user: User) => void;
}

/** What ends with a click in a mail. */
export function mailLinkRoutes({ route, open, mailLinks, onProfileChanged, ...deps }: MailLinkRouteDeps): Router {
  const router = Router();
  const signedIn = createAnswer(deps);
  const tellProfile = (user: OwnUser) => onProfileChanged(toPublic(user));

  router.post(
    '/v1/auth/password/forgot',
    open({ body: restSchemas.forgotPassword }, async ({ req, res, body }) => {
      await mailLinks.forgot(body.email, deviceOf(req));
      return mailSent(res);
    }),
  );
  router.post(
    '/v1/auth/password/reset',
    open({ body: restSchemas.resetPassword }, ({ req, body }) => mailLinks.reset(body, deviceOf(req))),
  );
  router.post(
    '/v1/auth/email/verify',
    open({ body: restSchemas.verifyEmail }, async ({ req, res, body }) => {
      const result = await signedIn({ req, res }, body.tokens, () => mailLinks.verify(body.token, deviceOf(req, body.deviceId)));
      tellProfile(result.user);
      return result;
    }),
  );
  router.post(
    '/v1/auth/email/change',
    route({ body: restSchemas.changeEmail }, async ({ req, res, principal, body }) => {
      const user = await mailLinks.changeEmail(principal, body, deviceOf(req));
      return user ?? mailSent(res);
    }),
  );
  router.post(
    '/v1/auth/upgrade',
    route({ body: restSchemas.upgrade }, async ({ req, res, principal, body }) => {
      const result = await mailLinks.upgrade(principal, body, deviceOf(req));
      if (result === undefined) return mailSent(res);
      // The session stays, and its refresh token too; the access token says no longer that this is a guest.
      if (req.headers.authorization === undefined) deps.cookies.set(res, result);
      tellProfile(result.user);
      return result;
    }),
  );
  return router;
}
