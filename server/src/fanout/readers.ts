import type { Entry } from '@chatcluster/protocol';
import type { ConversationAccess } from '../store/types.ts';

/** The entries of a commit that one group of users may read. */
export interface Share {
  users: string[];
  entries: Entry[];
}

/**
 * Who may read which of these entries, by the current member list: members from their first seq on, former members up to
 * their last. Pure. Usually one share; a member who came or went inside the range makes another.
 */
export function planShares(access: ConversationAccess, entries: Entry[], isLocal: (userId: string) => boolean): Share[] {
  const shares = new Map<string, Share>();
  for (const [userId, { firstSeq }] of access.members) {
    if (isLocal(userId))
      addShare(
        shares,
        userId,
        entries.filter((e) => e.seq >= firstSeq),
      );
  }
  for (const [userId, lastSeq] of access.former) {
    if (isLocal(userId) && !access.members.has(userId))
      addShare(
        shares,
        userId,
        entries.filter((e) => e.seq <= lastSeq),
      );
  }
  return [...shares.values()];
}

function addShare(shares: Map<string, Share>, userId: string, readable: Entry[]): void {
  const first = readable[0];
  const last = readable.at(-1);
  if (!first || !last) return;
  const key = `${first.seq}-${last.seq}`;
  const share = shares.get(key);
  if (share) share.users.push(userId);
  else shares.set(key, { users: [userId], entries: readable });
}

/** Users whom the entries themselves name as coming or going: routed by user even in a large conversation. */
export function usersInMemberEntries(entries: Entry[]): string[] {
  return entries.flatMap((e) => (e.type === 'member' ? [e.data.userId] : []));
}
