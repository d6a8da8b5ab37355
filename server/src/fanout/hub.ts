import type { ConversationAccess } from '../store/types.ts';
import type { EncodedPacket, Hub, HubSocket } from './types.ts';

const NO_SOCKETS: ReadonlySet<HubSocket> = new Set();

export function createHub(): Hub {
  const byUser = new Map<string, Set<HubSocket>>();
  let size = 0;
  return {
    attach(socket) {
      const sockets = byUser.get(socket.userId);
      if (sockets?.has(socket)) return;
      if (sockets) sockets.add(socket);
      else byUser.set(socket.userId, new Set([socket]));
      size += 1;
    },
    detach(socket) {
      const sockets = byUser.get(socket.userId);
      if (!sockets?.delete(socket)) return;
      if (sockets.size === 0) byUser.delete(socket.userId);
      size -= 1;
    },
    socketsOf: (userId) => byUser.get(userId) ?? NO_SOCKETS,
    users: () => byUser.keys(),
    get size() {
      return size;
    },
    toUsers: (userIds, packet, volatile, exceptSocketId) => writeTo(byUser, userIds, { packet, volatile, exceptSocketId }),
  };
}

type Write = { packet: EncodedPacket; volatile: boolean; exceptSocketId: string | undefined };

function writeTo(byUser: Map<string, Set<HubSocket>>, userIds: Iterable<string>, write: Write): number {
  let written = 0;
  for (const userId of userIds) {
    for (const socket of byUser.get(userId) ?? NO_SOCKETS) {
      if (socket.id === write.exceptSocketId) continue;
      socket.send(write.packet, write.volatile);
      written += 1;
    }
  }
  return written;
}

/** What this pod knows of one large conversation: whose sockets here get its entries, as of one member version. */
export interface LargeConversation {
  access: ConversationAccess;
  users: Set<string>;
}

/** Large conversation → local users. Only conversations that met traffic on this pod are in it. */
export interface LargeIndex {
  get(conversationId: string): LargeConversation | undefined;
  /** Takes a (newer) member list in; the local users are worked out from the hub. */
  put(access: ConversationAccess): LargeConversation;
  drop(conversationId: string): void;
  userArrived(userId: string): void;
  userLeft(userId: string): void;
}

export function createLargeIndex(hub: Hub): LargeIndex {
  const index = new Map<string, LargeConversation>();
  return {
    get: (conversationId) => index.get(conversationId),
    put(access) {
      const conversation = { access, users: localMembers(access, hub) };
      index.set(access.id, conversation);
      return conversation;
    },
    drop: (conversationId) => void index.delete(conversationId),
    userArrived(userId) {
      for (const { access, users } of index.values()) if (access.members.has(userId)) users.add(userId);
    },
    userLeft(userId) {
      for (const [id, { users }] of index) if (users.delete(userId) && users.size === 0) index.delete(id);
    },
  };
}

function localMembers(access: ConversationAccess, hub: Hub): Set<string> {
  const users = new Set<string>();
  for (const userId of hub.users()) if (access.members.has(userId)) users.add(userId);
  return users;
}
