import type { ChatClient, SendInput } from '@chatcluster/client/types';
import type { StoreApi } from 'zustand/vanilla';
import type { ViewState } from './model.ts';
import type { Uploads } from './uploads.ts';

/** Where the draft and the files of an answer in a thread belong. */
export const threadPlace = (conversationId: string, rootId: string) => `${conversationId}/${rootId}`;

interface ComposingDeps {
  client: ChatClient;
  view: StoreApi<ViewState>;
  uploads: Pick<Uploads, 'take'>;
  /** What is written here is seen at once, however much arrives. */
  hurry(): void;
}

/** Writing, answering and editing. */
export function createComposing({ client, view, uploads, hurry }: ComposingDeps) {
  const saveDraft = (conversationId: string, text: string) =>
    view.setState(({ drafts }) => ({ drafts: { ...drafts, [conversationId]: text } }));
  return {
    saveDraft,
    startEdit: (conversationId: string, messageId: string) =>
      view.setState({ editing: { conversationId, messageId }, replying: undefined }),
    startReply: (conversationId: string, messageId: string) =>
      view.setState({ replying: { conversationId, messageId }, editing: undefined }),
    stopComposing: () => view.setState({ editing: undefined, replying: undefined }),
    isComposing: (conversationId: string) => {
      const { editing, replying } = view.getState();
      return editing?.conversationId === conversationId || replying?.conversationId === conversationId;
    },
    /** Sends the text, as an answer where one was started. */
    send(conversationId: string, text: string) {
      const { replying } = view.getState();
      const replyTo = replying?.conversationId === conversationId ? replying.messageId : undefined;
      const attachments = uploads.take(conversationId);
      hurry();
      client.send(conversationId, {
        body: text,
        ...(replyTo ? { replyTo } : {}),
        ...(attachments.length > 0 ? { attachments } : {}),
        ...mentionsIn(client, conversationId, text),
      });
      client.setTyping(conversationId, false);
      saveDraft(conversationId, '');
      view.setState({ replying: undefined });
    },
    sendInThread(conversationId: string, threadRoot: string, text: string) {
      const place = threadPlace(conversationId, threadRoot);
      const attachments = uploads.take(place);
      hurry();
      client.send(conversationId, {
        body: text,
        threadRoot,
        ...(attachments.length > 0 ? { attachments } : {}),
        ...mentionsIn(client, conversationId, text),
      });
      saveDraft(place, '');
    },
    async saveEdit(conversationId: string, messageId: string, text: string) {
      await client.edit(conversationId, messageId, text);
      view.setState({ editing: undefined });
    },
    /** The newest own message that can be edited: what the up arrow is for. */
    lastOwn(conversationId: string) {
      const meId = client.me()?.id;
      return client.conversation(conversationId).messages.findLast((m) => m.actorId === meId && m.deletedAt === undefined);
    },
  };
}

/** Members whose `@Name` is in the text; `@all` counts where one may call everybody. */
function mentionsIn(client: ChatClient, conversationId: string, text: string): Pick<SendInput, 'mentions' | 'mentionAll'> {
  if (!text.includes('@')) return {};
  const { members, conversation } = client.conversation(conversationId);
  const mayCallAll = conversation?.me.role === 'owner' || conversation?.me.role === 'admin';
  const mentions = members.flatMap(({ userId }) => {
    const name = client.user(userId)?.displayName;
    return name && text.includes(`@${name}`) ? [userId] : [];
  });
  return { ...(mentions.length > 0 ? { mentions } : {}), ...(mayCallAll && /(^|\s)@all\b/u.test(text) ? { mentionAll: true } : {}) };
}
