import type { ChannelInfo, ChatClient } from '@chatcluster/client';
import type { Member, MessageReceipt, Role, User } from '@chatcluster/protocol';
import type { MessageRef } from './model.ts';

/** Some of those who reacted with one emoji, the first ones first. */
export interface Reactors {
  userIds: readonly string[];
  isAll: boolean;
}

/** As many as are named. */
const REACTORS = 3;

/** Lookups that are not part of the live state. */
export function createPeople(client: ChatClient) {
  return {
    /** People by name, without oneself. */
    async search(query: string): Promise<User[]> {
      const { items } = await client.rest.searchUsers(query, { limit: 30 });
      const meId = client.me()?.id;
      return items.filter(({ id }) => id !== meId);
    },
    /** Who else has a message; those who read it first. */
    async receipts({ conversationId, messageId }: MessageRef): Promise<MessageReceipt[]> {
      const { items } = await client.rest.messageReceipts(conversationId, messageId);
      return items.filter(({ delivered, read }) => delivered || read).sort((a, b) => Number(b.read) - Number(a.read));
    },
    /** `count`: how many there are, as far as is known. */
    async reactors({ conversationId, messageId }: MessageRef, emoji: string, count: number): Promise<Reactors> {
      const limit = Math.min(count, REACTORS);
      const { items, nextCursor } = await client.rest.reactors(conversationId, messageId, emoji, { limit });
      return { userIds: items.map(({ userId }) => userId), isAll: nextCursor === null };
    },
    async channels(query: string): Promise<ChannelInfo[]> {
      const { items } = await client.rest.channels(query, { limit: 50 });
      return items;
    },
    /** The first members of a conversation that is too large to carry its list. */
    async members(conversationId: string): Promise<Member[]> {
      const { items } = await client.rest.members(conversationId, { limit: 100 });
      return items;
    },
  };
}

const SHOWN_FIRST = { owner: 0, admin: 1, member: 2, readonly: 3 } as const;

/** Owners and admins first, then by name. */
export function sortMembers(members: readonly Member[], nameOf: (userId: string) => string): Member[] {
  return members.toSorted((a, b) => SHOWN_FIRST[a.role] - SHOWN_FIRST[b.role] || nameOf(a.userId).localeCompare(nameOf(b.userId)));
}

const RANK = { owner: 3, admin: 2, member: 1, readonly: 0 } as const satisfies Record<Role, number>;

/** Whether somebody with the first role may remove a member with the second, and give them another role. */
export function canRemove(own: Role, role: Role): boolean {
  return own === 'owner' || (own === 'admin' && RANK[role] < RANK.admin);
}

/** Highest first: an owner gives every role, an admin only those below. */
export function rolesToGive(own: Role): Role[] {
  const roles: Role[] = ['owner', 'admin', 'member', 'readonly'];
  return own === 'owner' ? roles : roles.filter((role) => RANK[role] < RANK[own]);
}
