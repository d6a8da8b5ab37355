import { Router } from 'express';
import { z } from 'zod';
import { ChatError } from '@chatcluster/protocol/errors';
import { uuid } from '@chatcluster/protocol/socket-schemas';
import type { Db } from '../../store/sql/auth-keys.ts';
import type { MailLanguage } from '../../mail/account-texts.ts';
import { missedTexts } from '../../mail/missed-texts.ts';
import { unsubscribeMail } from '../../store/sql/missed-mail.ts';
import { languageOf } from './sign-in-answer.ts';
import type { Routes } from './route.ts';

const PATH = '/v1/notifications/unsubscribe';
const query = z.object({ token: uuid });

const page = (language: MailLanguage, content: string) =>
  `<!doctype html><html lang="${language}"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Mails</title><main>${content}</main></html>`;

/** The link of the mails. GET only asks: scanners follow links. POST is also what mail programs send (RFC 8058). */
export function unsubscribeRoutes({ open, db }: Pick<Routes, 'open'> & { db: Db }): Router {
  const router = Router();
  router.get(
    PATH,
    open({ query }, ({ query: { token }, req, res }) => {
      const language = languageOf(req);
      const form = `<form method="post" action="${PATH}?token=${token}"><button>${missedTexts[language].ask}</button></form>`;
      res.type('html').send(page(language, form));
    }),
  );
  router.post(
    PATH,
    open({ query }, async ({ query: { token }, req, res }) => {
      if (!(await unsubscribeMail(db, token))) throw new ChatError('not_found');
      const language = languageOf(req);
      res.type('html').send(page(language, `<p>${missedTexts[language].done}</p>`));
    }),
  );
  return router;
}
