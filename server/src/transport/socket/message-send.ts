import { ChatError } from '@chatcluster/protocol/errors';
import type { EventPayload, SendResult } from '@chatcluster/protocol';
import type { MessageRate } from '../../limits/message-rate.ts';
import type { SendMessage } from '../../operations/send-message.ts';
import type { Handler } from './context.ts';

export interface MessageSendDeps {
  sendMessage: SendMessage;
  rate: MessageRate;
  /** The stored result of an earlier try, if there was one. */
  findSent(userId: string, payload: EventPayload<'message:send'>): Promise<SendResult | undefined>;
}

/** Recent tries per socket whose resend costs no rate. */
const REMEMBERED = 64;

export function messageSend(deps: MessageSendDeps): Handler<'message:send'> {
  const tried = new WeakMap<object, Set<string>>();

  function isResend(connection: object, clientMsgId: string): boolean {
    let known = tried.get(connection);
    if (known === undefined) tried.set(connection, (known = new Set()));
    if (known.has(clientMsgId)) return true;
    known.add(clientMsgId);
    if (known.size > REMEMBERED) known.delete(known.values().next().value!);
    return false;
  }

  return async (connection, payload) => {
    const granted = isResend(connection, payload.clientMsgId) ? undefined : deps.rate.take(connection.userId, connection.principal.guest);
    // Nothing to wait for: this socket's earlier sends joined their batch already, so this one may go at once.
    const isSlow = payload.replyTo !== undefined || payload.threadRoot !== undefined;
    if (granted === undefined && connection.sendChain === undefined && !isSlow) return deps.sendMessage(connection.userId, payload);
    const before = connection.sendChain ?? Promise.resolve();
    const turn = before.then(() => granted);
    const sent = turn.then(() => deps.sendMessage(connection.userId, payload));
    // A reply is checked before it joins the batch, so the next one waits for the whole of it.
    const settled = (isSlow ? sent : turn).then(
      () => undefined,
      () => undefined,
    );
    connection.sendChain = settled;
    try {
      return await sent;
    } catch (error) {
      // A resend after a reconnect, on another pod: what is stored already costs nothing and is simply told again.
      const stored =
        error instanceof ChatError && error.code === 'rate_limited' ? await deps.findSent(connection.userId, payload) : undefined;
      if (stored === undefined) throw error;
      return stored;
    } finally {
      if (connection.sendChain === settled) connection.sendChain = undefined;
    }
  };
}
