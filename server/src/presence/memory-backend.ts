import type { PresenceSetting, PresenceStatus } from '@chatcluster/protocol';
import type { PresenceBackend } from './backend.ts';

interface User {
  setting: PresenceSetting;
  pods: Set<object>;
  leaving?: NodeJS.Timeout;
}

/** What joins several backends of one process (tests); a process by itself has its own. */
export interface PresenceBus {
  users: Map<string, User>;
  listeners: Set<(userId: string, status: PresenceStatus) => void>;
}

export function createPresenceBus(): PresenceBus {
  return { users: new Map(), listeners: new Set() };
}

function shown(user: User | undefined): PresenceStatus {
  if (!user || user.setting === 'invisible') return 'offline';
  return user.setting;
}

/** @param graceMs From the last socket until offline. @default 10000 */
export function createMemoryPresence({ bus = createPresenceBus(), graceMs = 10_000 } = {}): PresenceBackend {
  const self = {};
  const mine = new Set<(userId: string, status: PresenceStatus) => void>();
  const announce = (userId: string) => bus.listeners.forEach((listener) => listener(userId, shown(bus.users.get(userId))));

  function end(userId: string): void {
    bus.users.delete(userId);
    announce(userId);
  }

  return {
    async set(userIds, setting) {
      for (const userId of userIds) {
        const user = bus.users.get(userId) ?? { setting, pods: new Set() };
        clearTimeout(user.leaving);
        user.setting = setting;
        user.pods.add(self);
        bus.users.set(userId, user);
        announce(userId);
      }
    },
    gone(userId) {
      const user = bus.users.get(userId);
      user?.pods.delete(self);
      if (!user || user.pods.size > 0) return;
      clearTimeout(user.leaving);
      user.leaving = setTimeout(end, graceMs, userId).unref();
    },
    get: async (userIds) => new Map(userIds.map((id) => [id, shown(bus.users.get(id))])),
    // Every listener hears of everybody; presence.ts keeps to those who are watched.
    watch: async () => undefined,
    onChange(handler) {
      mine.add(handler);
      bus.listeners.add(handler);
    },
    onRecovered: () => undefined,
    async [Symbol.asyncDispose]() {
      for (const handler of mine) bus.listeners.delete(handler);
      for (const user of bus.users.values()) clearTimeout(user.leaving);
    },
  };
}
