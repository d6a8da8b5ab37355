import type { KnownAccount, LocalBatch, LocalLog, LocalState, WriteResult } from './local/types.ts';
import type { PendingMessage } from './types.ts';

/** What has to survive a restart of the app. Every write is complete when its promise resolves. */
export interface Store {
  loadOutbox(userId: string): Promise<PendingMessage[]>;
  savePending(userId: string, pending: PendingMessage): Promise<void>;
  deletePending(userId: string, clientMsgId: string): Promise<void>;
  loadRefreshToken(): Promise<string | undefined>;
  /** Undefined forgets it. */
  saveRefreshToken(token: string | undefined): Promise<void>;
  /** The copy of the chats that opens without a network. @default absent: nothing is shown before the server answered */
  readonly local?: LocalCopy;
}

/** Only a copy: whatever fails here is read from the server again. */
export interface LocalCopy {
  loadAccount(): Promise<KnownAccount | undefined>;
  saveAccount(account: KnownAccount): Promise<void>;
  loadState(userId: string): Promise<LocalState>;
  loadLog(userId: string, conversationId: string): Promise<LocalLog | undefined>;
  write(userId: string, batch: LocalBatch): Promise<WriteResult>;
  /** Signed out: deletes the account and everything that is kept of this user. */
  wipe(userId: string): Promise<void>;
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
