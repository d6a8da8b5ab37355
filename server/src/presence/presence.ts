import type { Presence as WirePresence, PresenceSetting, PresenceStatus } from '@chatcluster/protocol';
import { batched } from '../batched.ts';
import type { Logger } from '../log.ts';
import type { PresenceBackend } from './backend.ts';
import { createWatches } from './watches.ts';

export interface PresenceDeps {
  backend: PresenceBackend;
  /** Sends `presence` to one local socket. */
  deliver(socketId: string, presence: WirePresence): void;
  /** ISO times; users that are left out have none. Asked only about those who are shown as offline. */
  lastSeen(userIds: string[]): Promise<ReadonlyMap<string, string>>;
  log: Logger;
}

export interface Presence extends AsyncDisposable {
  /** Once per socket, after `fanout.attach`. */
  connected(userId: string, setting: PresenceSetting): void;
  /** Once per socket, after `fanout.detach`. */
  disconnected(userId: string): void;
  set(userId: string, setting: PresenceSetting): Promise<void>;
  /** Replaces the list of the socket. While Redis is away: what was last known. */
  watch(socketId: string, userIds: string[]): Promise<Record<string, WirePresence>>;
  unwatch(socketId: string): void;
  /** These local sockets stop watching the user, and are told that they are offline. */
  hide(socketIds: Iterable<string>, userId: string): void;
}

interface Local {
  sockets: number;
  setting: PresenceSetting;
}

export function createPresence(deps: PresenceDeps): Presence {
  const { backend, log } = deps;
  const users = new Map<string, Local>();
  const watches = createWatches();
  const known = new Map<string, PresenceStatus>();
  const attempt = (what: string, work: Promise<void>) =>
    work.catch((error: unknown) => log.debug({ err: error, what }, 'presence is frozen; the recovery sends it again'));

  async function describe(userIds: string[]): Promise<Record<string, WirePresence>> {
    const offline = userIds.filter((id) => (known.get(id) ?? 'offline') === 'offline');
    const seen = offline.length > 0 ? await deps.lastSeen(offline) : new Map<string, string>();
    return Object.fromEntries(
      userIds.map((userId) => [userId, { userId, status: known.get(userId) ?? 'offline', lastSeenAt: seen.get(userId) ?? null }]),
    );
  }

  async function changed(userId: string, status: PresenceStatus): Promise<void> {
    if (watches.socketsOf(userId).size === 0 || (known.get(userId) ?? 'offline') === status) return;
    known.set(userId, status);
    const presence = (await describe([userId]))[userId];
    // While the last-seen time was looked up the status may have moved on; that change delivers itself.
    if (!presence || presence.status !== status) return;
    for (const socketId of watches.socketsOf(userId)) deps.deliver(socketId, presence);
  }

  function forget(userIds: string[]): void {
    if (userIds.length === 0) return;
    for (const userId of userIds) known.delete(userId);
    void attempt('unwatch', backend.watch(userIds, false));
  }

  async function recover(): Promise<void> {
    for (const [setting, locals] of Map.groupBy(users, ([, local]) => local.setting)) {
      await backend.set(
        locals.map(([userId]) => userId),
        setting,
      );
    }
    const watched = [...watches.users()];
    if (watched.length === 0) return;
    await backend.watch(watched, true);
    for (const [userId, status] of await backend.get(watched)) await attempt('catch up', changed(userId, status));
  }

  /** As they are when it is told: whoever has left meanwhile is not said to be there. */
  const arrive = batched(async (userIds: string[]) => {
    const here = userIds.filter((userId) => users.has(userId));
    for (const [setting, ids] of Map.groupBy(here, (userId) => users.get(userId)!.setting))
      await attempt('connected', backend.set(ids, setting));
    return () => undefined;
  });

  backend.onChange((userId, status) => void attempt('change', changed(userId, status)));
  backend.onRecovered(recover);

  return {
    connected(userId, setting) {
      users.set(userId, { sockets: (users.get(userId)?.sockets ?? 0) + 1, setting });
      void arrive(userId);
    },
    disconnected(userId) {
      const local = users.get(userId);
      if (!local) return;
      local.sockets -= 1;
      if (local.sockets > 0) return;
      users.delete(userId);
      backend.gone(userId);
    },
    async set(userId, setting) {
      const local = users.get(userId);
      if (local) local.setting = setting;
      await attempt('set', backend.set([userId], setting));
    },
    async watch(socketId, userIds) {
      const { added, dropped } = watches.replace(socketId, userIds);
      forget(dropped);
      try {
        // Watching first: a change between the two calls is told, not lost.
        if (added.length > 0) await backend.watch(added, true);
        for (const [userId, status] of await backend.get(userIds)) if (watches.socketsOf(userId).size > 0) known.set(userId, status);
      } catch (error) {
        log.debug({ err: error }, 'presence could not be read');
      }
      return describe(userIds);
    },
    unwatch: (socketId) => forget(watches.replace(socketId, []).dropped),
    hide(socketIds, userId) {
      for (const socketId of socketIds) {
        const { watched, last } = watches.drop(socketId, userId);
        if (watched) deps.deliver(socketId, { userId, status: 'offline', lastSeenAt: null });
        if (last) forget([userId]);
      }
    },
    async [Symbol.asyncDispose]() {
      await backend[Symbol.asyncDispose]?.();
    },
  };
}
