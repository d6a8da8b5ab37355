import type { PendingMessage } from './types.ts';

/** What has to survive a restart of the app. Every write is complete when its promise resolves. */
export interface Store {
  loadOutbox(userId: string): Promise<PendingMessage[]>;
  savePending(userId: string, pending: PendingMessage): Promise<void>;
  deletePending(userId: string, clientMsgId: string): Promise<void>;
  loadRefreshToken(): Promise<string | undefined>;
  /** Undefined forgets it. */
  saveRefreshToken(token: string | undefined): Promise<void>;
}

export function createMemoryStore(): Store {
  const outboxes = new Map<string, Map<string, PendingMessage>>();
  let refreshToken: string | undefined;
  const outbox = (userId: string) => {
    const found = outboxes.get(userId) ?? new Map<string, PendingMessage>();
    outboxes.set(userId, found);
    return found;
  };
  return {
    loadOutbox: async (userId) => [...(outboxes.get(userId)?.values() ?? [])],
    savePending: async (userId, pending) => void outbox(userId).set(pending.clientMsgId, pending),
    deletePending: async (userId, clientMsgId) => void outbox(userId).delete(clientMsgId),
    loadRefreshToken: async () => refreshToken,
    saveRefreshToken: async (token) => void (refreshToken = token),
  };
}
