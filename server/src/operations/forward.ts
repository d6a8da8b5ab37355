import type { ForwardedFrom, MessageData } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import type { Store } from '../store/store.ts';

export type LoadForwarded = ReturnType<typeof createLoadForwarded>;

/**
 * What a forwarded message takes along: read as the sender may read it, so that nobody can forward what is hidden from them,
 * nor put words into a mouth. A message that was forwarded already keeps its first origin.
 */
export function createLoadForwarded(store: Pick<Store, 'loadMessage'>) {
  return async (userId: string, from: { conversationId: string; messageId: string }) => {
    const message = await store.loadMessage(userId, from.conversationId, from.messageId);
    if (message.deletedAt !== undefined) throw new ChatError('conflict', { message: 'This message was deleted.' });
    const { id, conversationId, actorId, at, body, attachments } = message;
    const origin: ForwardedFrom = message.forwardedFrom ?? { conversationId, messageId: id, actorId, at };
    const taken: MessageData & { forwardedFrom: ForwardedFrom } = { body, forwardedFrom: origin };
    return attachments.length > 0 ? { ...taken, attachments } : taken;
  };
}
