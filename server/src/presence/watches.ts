/** Which local sockets watch whom. */
export interface Watches {
  /** Gives the users that nobody here watched before, and those that nobody watches any more. */
  replace(socketId: string, userIds: string[]): { added: string[]; dropped: string[] };
  /** Takes one user off the list of a socket; `last`: nobody watches this user any more. */
  drop(socketId: string, userId: string): { watched: boolean; last: boolean };
  socketsOf(userId: string): ReadonlySet<string>;
  users(): Iterable<string>;
}

const NOBODY: ReadonlySet<string> = new Set();

export function createWatches(): Watches {
  const bySocket = new Map<string, Set<string>>();
  const byUser = new Map<string, Set<string>>();
  return {
    replace(socketId, userIds) {
      const wanted = new Set(userIds);
      const before = bySocket.get(socketId) ?? NOBODY;
      if (wanted.size > 0) bySocket.set(socketId, wanted);
      else bySocket.delete(socketId);
      const dropped = [...before].filter((id) => !wanted.has(id) && remove(byUser, id, socketId));
      const added = [...wanted].filter((id) => !before.has(id) && add(byUser, id, socketId));
      return { added, dropped };
    },
    drop(socketId, userId) {
      const watched = bySocket.get(socketId)?.delete(userId) ?? false;
      return { watched, last: watched && remove(byUser, userId, socketId) };
    },
    socketsOf: (userId) => byUser.get(userId) ?? NOBODY,
    users: () => byUser.keys(),
  };
}

function add(byUser: Map<string, Set<string>>, userId: string, socketId: string): boolean {
  const sockets = byUser.get(userId);
  if (sockets) {
    sockets.add(socketId);
    return false;
  }
  byUser.set(userId, new Set([socketId]));
  return true;
}

function remove(byUser: Map<string, Set<string>>, userId: string, socketId: string): boolean {
  const sockets = byUser.get(userId);
  sockets?.delete(socketId);
  if (sockets?.size !== 0) return false;
  return byUser.delete(userId);
}
