import { type Request, Router } from 'express';
import { z } from 'zod';
import { restSchemas } from '@chatcluster/protocol/rest-schemas';
import { uuid } from '@chatcluster/protocol/socket-schemas';
import type { Config } from '../../config.ts';
import type { Webhooks } from '../../operations/webhooks.ts';
import type { Routes } from './route.ts';

export interface WebhookRouteDeps extends Routes {
  webhooks: Webhooks;
  config: Pick<Config, 'publicUrl'>;
}

const PATH = '/v1/conversations/:id/webhooks';
const ofConversation = z.object({ id: uuid });
const one = z.object({ id: uuid, webhookId: uuid });
const delivery = z.object({ id: uuid, webhookId: uuid, deliveryId: z.string().regex(/^\d{1,18}$/) });
const hook = z.object({ token: z.string().min(1).max(200) });

/** Webhooks of a conversation, and the address that incoming ones are called at. */
export function webhookRoutes({ route, open, webhooks, config }: WebhookRouteDeps): Router {
  const router = Router();
  const hookUrl = (req: Request, token: string) => {
    const base = config.publicUrl ?? `${req.protocol}://${req.get('host')}`;
    return new URL(`/v1/hooks/${token}`, base).href;
  };
  router.post(
    PATH,
    route({ params: ofConversation, body: restSchemas.createWebhook, status: 201 }, async ({ req, principal, params, body }) => {
      const { token, ...made } = await webhooks.create(principal.userId, params.id, body);
      return token === undefined ? made : { ...made, url: hookUrl(req, token) };
    }),
  );
  router.get(
    PATH,
    route({ params: ofConversation }, async ({ principal, params }) => ({
      items: await webhooks.list(principal.userId, params.id),
      nextCursor: null,
    })),
  );
  router.patch(
    `${PATH}/:webhookId`,
    route({ params: one, body: restSchemas.patchWebhook }, ({ principal, params, body }) =>
      webhooks.enable(principal.userId, params.id, params.webhookId, body.enabled),
    ),
  );
  router.delete(
    `${PATH}/:webhookId`,
    route({ params: one }, ({ principal, params }) => webhooks.remove(principal.userId, params.id, params.webhookId)),
  );
  router.get(
    `${PATH}/:webhookId/deliveries`,
    route({ params: one }, async ({ principal, params }) => ({
      items: await webhooks.deliveries(principal.userId, params.id, params.webhookId),
      nextCursor: null,
    })),
  );
  router.post(
    `${PATH}/:webhookId/deliveries/:deliveryId/retry`,
    route({ params: delivery }, ({ principal, params }) =>
      webhooks.retry(principal.userId, params.id, params.webhookId, params.deliveryId),
    ),
  );
  router.post(
    '/v1/hooks/:token',
    open({ params: hook, body: restSchemas.hook }, async ({ params, body, res }) => {
      const sent = await webhooks.receive(params.token, body);
      res.status(sent.duplicate ? 200 : 201);
      return sent;
    }),
  );
  return router;
}
