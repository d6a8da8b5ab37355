import { randomUUID } from 'node:crypto';
import { Router } from 'express';
import { z } from 'zod';
import type { SendResult } from '@chatcluster/protocol';
import { restSchemas } from '@chatcluster/protocol/rest-schemas';
import { eventSchemas, uuid } from '@chatcluster/protocol/socket-schemas';
import type { MessageRate } from '../../limits/message-rate.ts';
import type { CatchUp } from '../../operations/catch-up.ts';
import type { ChangeMessage } from '../../operations/change-message.ts';
import type { RemovePreviews } from '../../operations/link-previews.ts';
import type { MessageReads } from '../../operations/message-reads.ts';
import type { SendMessage } from '../../operations/send-message.ts';
import type { Routes } from './route.ts';

export interface MessageRouteDeps extends Routes {
  sendMessage: SendMessage;
  /** The stored result of an earlier try, if there was one. */
  findSent(userId: string, sent: { conversationId: string; clientMsgId: string }): Promise<SendResult | undefined>;
  changeMessage: ChangeMessage;
  removePreviews: RemovePreviews;
  reads: MessageReads;
  catchUp: Pick<CatchUp, 'history'>;
  rate: MessageRate;
}

const PATH = '/v1/conversations/:id/messages';
const REACTORS = 50;
const list = z.object({ id: uuid });
const one = z.object({ id: uuid, messageId: uuid });
const reaction = z.object({ id: uuid, messageId: uuid, emoji: eventSchemas['reaction:set'].shape.emoji });

/** Messages over REST: the same use cases as the socket events, the same answers. */
export function messageRoutes(deps: MessageRouteDeps): Router {
  const { route, catchUp, rate, sendMessage, findSent, changeMessage, removePreviews, reads } = deps;
  const router = Router();
  router.get(
    PATH,
    route({ params: list, query: restSchemas.history }, async ({ principal, params, query }) => {
      const { thread, ...range } = query;
      const { messages, ...rest } =
        thread === undefined
          ? await catchUp.history(principal.userId, params.id, range)
          : await reads.thread({ userId: principal.userId, conversationId: params.id, rootId: thread, ...range });
      return { items: messages, ...rest };
    }),
  );
  router.post(
    PATH,
    route({ params: list, body: restSchemas.sendMessage }, async ({ principal, params, body, res }) => {
      const payload = { conversationId: params.id, ...body };
      const granted = rate.take(principal.userId, principal.guest);
      const refused: unknown = await granted?.then(
        () => undefined,
        (error: unknown) => error,
      );
      // Resends cost no rate: what is stored already is simply told again.
      const sent = refused === undefined ? await sendMessage(principal.userId, payload) : await findSent(principal.userId, payload);
      if (sent === undefined) throw refused;
      res.status(sent.status === 'queued' ? 202 : sent.duplicate ? 200 : 201);
      return sent;
    }),
  );
  router.patch(
    `${PATH}/:messageId`,
    route({ params: one, body: restSchemas.editMessage }, ({ principal, params, body }) =>
      changeMessage.edit(principal.userId, target(params, body.clientMsgId, { body: body.body })),
    ),
  );
  router.delete(
    `${PATH}/:messageId`,
    route({ params: one }, ({ principal, params }) => changeMessage.remove(principal.userId, target(params, undefined, {}))),
  );
  router.delete(
    `${PATH}/:messageId/previews`,
    route({ params: one }, ({ principal, params }) => removePreviews(principal.userId, target(params, undefined, {}))),
  );
  for (const [method, on] of [
    ['put', true],
    ['delete', false],
  ] as const) {
    router[method](
      `${PATH}/:messageId/reactions/:emoji`,
      route({ params: reaction }, ({ principal, params }) =>
        changeMessage.react(principal.userId, target(params, undefined, { emoji: params.emoji, on })),
      ),
    );
    router[method](
      `${PATH}/:messageId/pin`,
      route({ params: one }, ({ principal, params }) => changeMessage.pin(principal.userId, target(params, undefined, { on }))),
    );
  }
  router.get(
    `${PATH}/:messageId/reactions/:emoji`,
    route({ params: reaction, query: restSchemas.listPage }, ({ principal, params, query }) => {
      const { id: conversationId, messageId, emoji } = params;
      const { cursor, limit = REACTORS } = query;
      return reads.reactors(principal.userId, { conversationId, messageId, emoji }, { cursor, limit });
    }),
  );
  router.get(
    `${PATH}/:messageId`,
    route({ params: one }, ({ principal, params }) => reads.one(principal.userId, params.id, params.messageId)),
  );
  router.get(
    '/v1/conversations/:id/pins',
    route({ params: list }, async ({ principal, params }) => {
      const { messages, asOf } = await reads.pinned(principal.userId, params.id);
      return { items: messages, nextCursor: null, asOf };
    }),
  );
  router.get(
    `${PATH}/:messageId/receipts`,
    route({ params: one }, ({ principal, params }) => reads.receipts(principal.userId, params.id, params.messageId)),
  );
  return router;
}

function target<T extends object>(params: { id: string; messageId: string }, clientMsgId: string | undefined, more: T) {
  return { conversationId: params.id, messageId: params.messageId, clientMsgId: clientMsgId ?? randomUUID(), ...more };
}
