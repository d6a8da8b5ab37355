import { ChatError } from '@chatcluster/protocol/errors';
import { decideMember } from '../domain/permissions.ts';
import type { Store } from '../store/store.ts';
import type { Membership } from './membership.ts';
import { authorise } from './require.ts';
import { translateUnavailable } from './unavailable.ts';

export interface MessageReadsDeps {
  store: Pick<Store, 'messageReceipts'>;
  membership: Pick<Membership, 'get' | 'peek' | 'reload'>;
}

export function createMessageReads({ store, membership }: MessageReadsDeps) {
  return {
    /** Who has received and read a message. */
    receipts: (userId: string, conversationId: string, messageId: string) =>
      translateUnavailable(async () => {
        await authorise(membership, conversationId, (access) => decideMember(access, userId));
        const items = await store.messageReceipts(conversationId, messageId);
        if (items === null) throw new ChatError('not_found', { message: 'There is no such message here.' });
        return { items, nextCursor: null };
      }),
  };
}
export type MessageReads = ReturnType<typeof createMessageReads>;
