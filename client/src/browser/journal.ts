import type { PendingMessage } from '../types.ts';

/** What is used of `localStorage`. */
export interface KeyValues {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** Unsent messages for as long as the database does not have them. */
export interface Journal {
  list(userId: string): PendingMessage[];
  put(userId: string, pending: PendingMessage): void;
  remove(userId: string, clientMsgId: string): void;
  wipe(userId: string): void;
}

const prefixOf = (userId: string) => `chat.outbox.${userId}.`;

/**
 * A page may be closed in the moment after a key was pressed, long before a worker has written anything; `localStorage` is
 * written before the call returns. Storage that is full or forbidden is no reason not to send.
 */
export function createJournal(storage: KeyValues | undefined): Journal {
  const keysOf = (userId: string) =>
    Array.from({ length: storage?.length ?? 0 }, (_, i) => storage?.key(i) ?? '').filter((key) => key.startsWith(prefixOf(userId)));
  return {
    list: (userId) => keysOf(userId).flatMap((key) => parsePending(storage?.getItem(key) ?? null) ?? []),
    put(userId, pending) {
      try {
        storage?.setItem(prefixOf(userId) + pending.clientMsgId, JSON.stringify(pending));
      } catch {
        return; // Full: the database is asked all the same.
      }
    },
    remove: (userId, clientMsgId) => storage?.removeItem(prefixOf(userId) + clientMsgId),
    wipe: (userId) => keysOf(userId).forEach((key) => storage?.removeItem(key)),
  };
}

function parsePending(text: string | null): PendingMessage | undefined {
  try {
    return text === null ? undefined : (JSON.parse(text) as PendingMessage);
  } catch {
    return undefined; // Not written by this program.
  }
}
