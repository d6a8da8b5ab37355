import { ChatError } from '@chatcluster/protocol/errors';
import type { EventPayload, SendResult } from '@chatcluster/protocol';
import type { MessageRate } from '../../limits/message-rate.ts';
import type { SendMessage } from '../../operations/send-message.ts';
import type { Connection } from './connection.ts';
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

  function remember(connection: object, key: string): void {
    let known = tried.get(connection);
    if (known === undefined) tried.set(connection, (known = new Set()));
    known.add(key);
    if (known.size > REMEMBERED) known.delete(known.values().next().value!);
  }

  /** Only a try that was paid for makes its resends free: else a refused one would be a way around the rate. */
  function takeRate(connection: Connection, key: string): Promise<void> | undefined {
    if (tried.get(connection)?.has(key)) return undefined;
    const granted = deps.rate.take(connection.userId, connection.principal.guest);
    if (granted === undefined) remember(connection, key);
    const paid = granted?.then(() => remember(connection, key));
    // It may be refused while its turn has not come: awaited later, it must not count as unhandled until then.
    paid?.catch(() => undefined);
    return paid;
  }

  return async (connection, payload) => {
    const granted = takeRate(connection, `${payload.conversationId} ${payload.clientMsgId}`);
    const hasFiles = payload.attachments !== undefined && payload.attachments.length > 0;
    // Nothing to wait for: this socket's earlier sends joined their batch already, so this one may go at once.
    const isSlow = payload.replyTo !== undefined || payload.threadRoot !== undefined || payload.forward !== undefined || hasFiles;
    if (granted === undefined && connection.sendChain === undefined && !isSlow) return deps.sendMessage(connection.userId, payload);
    const before = connection.sendChain ?? Promise.resolve();
    const turn = before.then(() => granted);
    const sent = turn.then(() => deps.sendMessage(connection.userId, payload));
    // A reply, or a file, is checked before it joins the batch, so the next one waits for the whole of it.
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
