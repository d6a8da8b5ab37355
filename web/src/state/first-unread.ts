import type { ChatClient } from '@chatcluster/client/types';

/** Pages of one's own messages that are passed over on the way to the first one of somebody else. */
const MAX_PAGES = 10;

function look(client: ChatClient, conversationId: string) {
  const { messages, readSeq, unread, hasBefore, hasAfter } = client.conversation(conversationId);
  const meId = client.me()?.id;
  const isOther = (actorId: string) => actorId !== meId && !client.blocks.ids.has(actorId);
  const fresh = messages.filter(({ seq, actorId, deletedAt }) => seq > readSeq && isOther(actorId) && deletedAt === undefined);
  return { readSeq, unread, hasAfter, count: fresh.length, isAtEdge: hasBefore && fresh[0] !== undefined && fresh[0] === messages[0] };
}

/** Whether what a reader wants to see first is here already. */
export function hasFirstUnread(client: ChatClient, conversationId: string): boolean {
  const { loaded } = client.conversation(conversationId);
  if (!loaded) return false;
  const { unread, count, isAtEdge } = look(client, conversationId);
  return unread === 0 || (count >= unread && !isAtEdge);
}

/**
 * Loads what a reader with unread messages wants to see first: the last message that was read and the first that was not.
 * The read position alone does not tell where that is, because one's own messages are never unread.
 */
export async function loadFirstUnread(client: ChatClient, conversationId: string): Promise<void> {
  const { unread, readSeq, count, isAtEdge } = look(client, conversationId);
  if (unread === 0) return;
  if (count >= unread) {
    if (isAtEdge) await client.loadOlder(conversationId);
    return;
  }
  await client.jumpTo(conversationId, Math.max(1, readSeq));
  const isMissing = () => {
    const { count: found, hasAfter } = look(client, conversationId);
    return found === 0 && hasAfter;
  };
  for (let page = 0; page < MAX_PAGES && isMissing(); page += 1) await client.loadNewer(conversationId);
}
