import type { KnownAccount } from '../local/types.ts';
import { createMemoryStore, type LocalCopy, type Store } from '../store.ts';
import { createJournal, type Journal, type KeyValues } from './journal.ts';
import { createWorkerDatabase, type WorkerDatabase, type WorkerLike } from './worker-database.ts';

/** As the browser has them; the SDK itself needs no DOM types. */
declare const Worker: new (url: URL, options: { type: 'module' }) => WorkerLike;
interface Page {
  localStorage?: KeyValues;
  navigator?: { storage?: { persist?(): Promise<boolean>; getDirectory?: unknown }; locks?: unknown };
  Worker?: unknown;
}

const ACCOUNT = 'chat.account';

/**
 * The offline store of a browser: SQLite in the origin private file system, in a worker, one database per user and shared by
 * all tabs. Where there is no such storage (private windows, old browsers) the app works as without a store, except that
 * unsent messages are kept in `localStorage`.
 *
 * With `tokens: 'cookie'`, the default in a browser, no token is ever kept here; a refresh token is held in memory only.
 */
export function createBrowserStore(): Store {
  const page = globalThis as unknown as Page;
  const storage = openStorage(page);
  const journal = createJournal(storage);
  const memory = createMemoryStore();
  const databases = new Map<string, WorkerDatabase>();
  const canStore = page.navigator?.locks !== undefined && page.navigator.storage?.getDirectory !== undefined;
  const open = (userId: string) => {
    const known = databases.get(userId);
    if (known) return known;
    // Exactly this form is what bundlers look for.
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    const opened = createWorkerDatabase(worker, userId);
    databases.set(userId, opened);
    return opened;
  };
  const database = (userId: string) => (canStore ? open(userId) : undefined);
  return {
    ...createOutbox(database, journal, () => void page.navigator?.storage?.persist?.().catch(() => false)),
    loadRefreshToken: memory.loadRefreshToken,
    saveRefreshToken: memory.saveRefreshToken,
    ...(canStore ? { local: createLocal({ database: open, storage, journal, forget: (userId) => databases.delete(userId) }) } : {}),
  };
}

/** Reading the property alone throws where storage is forbidden. */
function openStorage(page: Page): KeyValues | undefined {
  try {
    return page.localStorage;
  } catch {
    return undefined;
  }
}

function createOutbox(
  database: (userId: string) => WorkerDatabase | undefined,
  journal: Journal,
  persist: () => void,
): Pick<Store, 'loadOutbox' | 'savePending' | 'deletePending'> {
  let hasAsked = false;
  return {
    async loadOutbox(userId) {
      const stored =
        (await database(userId)
          ?.call('loadOutbox')
          .catch(() => undefined)) ?? [];
      const known = new Set(stored.map(({ clientMsgId }) => clientMsgId));
      return [...stored, ...journal.list(userId).filter(({ clientMsgId }) => !known.has(clientMsgId))];
    },
    async savePending(userId, pending) {
      journal.put(userId, pending);
      // Now there is something that only this device has: ask the browser not to clear it when space is short.
      if (!hasAsked) persist();
      hasAsked = true;
      await database(userId)?.call('savePending', pending);
      if (database(userId)) journal.remove(userId, pending.clientMsgId);
    },
    async deletePending(userId, clientMsgId) {
      journal.remove(userId, clientMsgId);
      await database(userId)?.call('deletePending', clientMsgId);
    },
  };
}

interface LocalDeps {
  database(userId: string): WorkerDatabase;
  storage: KeyValues | undefined;
  journal: Journal;
  forget(userId: string): void;
}

function createLocal({ database, storage, journal, forget }: LocalDeps): LocalCopy {
  return {
    async loadAccount() {
      const saved = storage?.getItem(ACCOUNT);
      return saved ? (JSON.parse(saved) as KnownAccount) : undefined;
    },
    saveAccount: async (account) => storage?.setItem(ACCOUNT, JSON.stringify(account)),
    loadState: (userId) => database(userId).call('loadState'),
    loadLog: (userId, conversationId) => database(userId).call('loadLog', conversationId),
    write: (userId, batch) => database(userId).call('write', batch),
    async wipe(userId) {
      storage?.removeItem(ACCOUNT);
      journal.wipe(userId);
      const opened = database(userId);
      forget(userId);
      await opened.wipe();
    },
  };
}
