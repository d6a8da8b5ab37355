import type { PresenceStatus } from '@chatcluster/protocol';
import type { PresenceBackend } from '../../presence/backend.ts';
import type { NamedServer, RoutedCore } from './core.ts';

const CHUNK = 500;

/** Presence from the route table: online while a pod with a lease holds the user. Authoritative on the user's own server. */
export function createRoutedPresence(core: RoutedCore): PresenceBackend {
  const call = (name: string, before: (string | number)[], userIds: string[]) =>
    perServer(core, userIds, async (server, ids) => {
      for (let i = 0; i < ids.length; i += CHUNK) await server.redis.call(name, [...before, ...ids.slice(i, i + CHUNK)]);
    });
  return {
    set: (userIds, setting) => call('presence_set', [core.maxInbox, setting], userIds),
    gone: () => undefined,
    watch: (userIds, on) => call('watch', [core.deps.podId, on ? 1 : 0], userIds),
    async get(userIds) {
      const found = new Map<string, PresenceStatus>();
      await perServer(core, userIds, async (server, ids) => {
        const statuses = (await server.redis.call('presence_get', ids)) as PresenceStatus[];
        ids.forEach((id, i) => found.set(id, statuses[i] ?? 'offline'));
      });
      return found;
    },
    onChange: (handler) => core.onPresence((userId, status) => handler(userId, status as PresenceStatus)),
    onRecovered: (handler) => core.onServerRecovered(handler),
  };
}

async function perServer(core: RoutedCore, userIds: string[], work: (server: NamedServer, ids: string[]) => Promise<void>): Promise<void> {
  const groups = Map.groupBy(userIds, (id) => core.serverOf(id));
  await Promise.all([...groups].map(([server, ids]) => work(server, ids)));
}
