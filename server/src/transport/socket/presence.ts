import type { PresenceSetting, User } from '@chatcluster/protocol';
import type { Presence } from '../../presence/presence.ts';
import type { Handlers } from './context.ts';

export interface PresenceHandlerDeps {
  presence: Pick<Presence, 'set' | 'watch'>;
  saveSetting(userId: User['id'], setting: PresenceSetting): Promise<void>;
  /** Of these, the people with whom the user shares a conversation. */
  knownTo(userId: string, others: string[]): Promise<string[]>;
}

export function presenceHandlers(deps: PresenceHandlerDeps): Pick<Handlers, 'presence:set' | 'presence:watch'> {
  return {
    'presence:set': async (connection, { status }) => {
      await deps.saveSetting(connection.userId, status);
      await deps.presence.set(connection.userId, status);
      return {};
    },
    'presence:watch': async (connection, { userIds }) => {
      const known = await deps.knownTo(connection.userId, userIds);
      const presence = await deps.presence.watch(connection.id, known);
      // Strangers are reported as offline, like people who are.
      for (const userId of userIds) presence[userId] ??= { userId, status: 'offline', lastSeenAt: null };
      return { presence };
    },
  };
}
