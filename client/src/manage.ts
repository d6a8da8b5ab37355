import type { Conversation } from '@chatcluster/protocol';
import type { Book } from './book.ts';
import type { Patiently } from './patience.ts';
import type { Rest } from './rest.ts';
import type { ChatClient } from './types.ts';

type Manage = Pick<
  ChatClient,
  | 'edit'
  | 'remove'
  | 'react'
  | 'pin'
  | 'removePreviews'
  | 'createDirect'
  | 'createGroup'
  | 'createChannel'
  | 'joinChannel'
  | 'acceptInvite'
  | 'leave'
  | 'update'
  | 'updateMine'
  | 'deleteConversation'
>;

export interface ManageDeps {
  rest: Rest;
  book: Book;
  patiently: Patiently;
  newId: () => string;
}

/** Changes of messages, which come back as entries, and of conversations: REST calls whose outcome the book learns at once. */
export function createManage({ rest, book, patiently, newId }: ManageDeps): Manage {
  const target = (conversationId: string, messageId: string) => ({ conversationId, messageId, clientMsgId: newId() });
  function learn(conversation: Conversation): Conversation {
    book.learn(conversation);
    return book.get(conversation.id)?.conversation ?? conversation;
  }
  const create = async (input: Parameters<Rest['createConversation']>[0]) =>
    learn(await rest.createConversation({ ...input, clientId: newId() }));

  return {
    edit: async (id, messageId, body) => void (await patiently('message:edit', { ...target(id, messageId), body })),
    remove: async (id, messageId) => void (await patiently('message:delete', target(id, messageId))),
    react: async (id, messageId, emoji, on) => void (await patiently('reaction:set', { ...target(id, messageId), emoji, on })),
    pin: async (id, messageId, on) => void (await patiently('pin:set', { ...target(id, messageId), on })),
    removePreviews: async (id, messageId) => void (await rest.removePreviews(id, messageId)),
    createDirect: (userId) => create({ kind: 'direct', memberIds: [userId] }),
    createGroup: (input) => create({ kind: 'group', ...input }),
    createChannel: (input) => create({ kind: 'channel', ...input }),
    async joinChannel(conversationId) {
      await rest.join(conversationId);
      return learn(await rest.conversation(conversationId));
    },
    acceptInvite: async (code) => learn(await rest.acceptInvite(code)),
    async leave(conversationId) {
      await rest.leave(conversationId);
      book.remove(conversationId);
    },
    update: async (conversationId, changes) => learn(await rest.updateConversation(conversationId, changes)),
    async updateMine(conversationId, settings) {
      book.learnMe(conversationId, await rest.updateMine(conversationId, settings));
    },
    async deleteConversation(conversationId) {
      await rest.deleteConversation(conversationId);
      book.remove(conversationId);
    },
  };
}
