import type { Conversation, Limits, RestInput, Role } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { uuidV7 } from '../ids.ts';
import { type Decision, decideManage, decideMember, decideMemberChange } from '../domain/permissions.ts';
import type { Fanout } from '../fanout/types.ts';
import type { Store } from '../store/store.ts';
import type { ConversationAccess, CreatedConversation, MembershipChanged, MembershipResult } from '../store/types.ts';
import type { Delivery } from './delivery.ts';
import type { Membership } from './membership.ts';
import { authorise } from './require.ts';
import { translateUnavailable } from './unavailable.ts';

export interface ConversationsDeps {
  store: Store;
  /** Of these ids, those of people who exist. */
  existingUsers(userIds: string[]): Promise<string[]>;
  /** Of these people, those who have blocked the user. */
  blockers(userId: string, otherIds: string[]): Promise<string[]>;
  membership: Membership;
  delivery: Pick<Delivery, 'onChange'>;
  fanout: Pick<Fanout, 'toUsers' | 'broadcast'>;
  limits: Limits;
}

/** The member version moves meanwhile only when people come and go at that very moment. */
const MAX_TRIES = 5;

type Caller = { userId: string; guest: boolean };

/** Creating, naming, joining and leaving: each writes its entries in one transaction, then tells who is concerned. */
export function createConversations(deps: ConversationsDeps) {
  const { store, membership, delivery, fanout, limits } = deps;

  async function load(userId: string, id: string): Promise<Conversation> {
    return store.loadConversation(userId, id);
  }

  /** Each person gets the conversation as they see it (their own `me`). */
  async function tellAdded(userIds: string[], id: string): Promise<void> {
    const seen = await store.loadConversationFor(id, userIds);
    for (const [userId, conversation] of seen) {
      fanout.toUsers([userId], 'conversation:added', { conversation }, { droppable: false });
    }
  }

  /** After COMMIT: this pod and the others forget the old member list, then the entries go out. */
  function published(id: string, changed: MembershipChanged, extra: string[] = []): void {
    if (changed.status === 'unchanged') return;
    membership.invalidate(id, changed.memberVersion);
    fanout.broadcast({ kind: 'membership', conversationId: id, memberVersion: changed.memberVersion });
    delivery.onChange(id, changed.changes, extra);
  }

  function settled(result: MembershipResult): MembershipChanged {
    switch (result.status) {
      case 'changed':
      case 'unchanged':
        return result;
      case 'missing':
        throw new ChatError('not_found');
      case 'full':
        throw new ChatError('conflict', { message: `A conversation may have at most ${limits.groupMaxMembers} members.` });
      case 'stale':
        throw new Error('a change that named no version was called stale');
      default: {
        const never: never = result;
        throw new Error(`unknown result ${String(never)}`);
      }
    }
  }

  /**
   * Authorises against the very member version that the transaction checks: whoever lost the right a moment ago, on
   * another pod, is refused although the copy here still has it.
   */
  async function change(
    id: string,
    decide: (access: ConversationAccess | undefined) => Decision,
    write: (expectVersion: number, access: ConversationAccess) => Promise<MembershipResult>,
  ): Promise<{ result: MembershipChanged; access: ConversationAccess }> {
    let atLeast = 0;
    for (let tries = 0; tries < MAX_TRIES; tries += 1) {
      const access = await authorise(membership, id, decide, atLeast);
      const result = await write(access.memberVersion, access);
      if (result.status !== 'stale') return { result: settled(result), access };
      atLeast = result.memberVersion;
    }
    throw new ChatError('overloaded', { retryAfterMs: 500 });
  }

  async function checkPeople(caller: Caller, input: RestInput<'createConversation'>): Promise<string[]> {
    const others = [...new Set(input.memberIds ?? [])].filter((id) => id !== caller.userId);
    if (input.kind === 'direct' && others.length !== 1) {
      throw new ChatError('invalid', { details: [{ path: 'memberIds', issue: 'a direct conversation needs exactly one other person' }] });
    }
    // A group without a title is shown by the names of its people.
    if (input.kind === 'channel' && input.title === undefined) {
      throw new ChatError('invalid', { details: [{ path: 'title', issue: 'a channel needs a title' }] });
    }
    if (others.length + 1 > limits.groupMaxMembers)
      throw new ChatError('invalid', { message: `At most ${limits.groupMaxMembers} members.` });
    await checkExist(others);
    await checkWelcome(caller.userId, others);
    return others;
  }

  /** Whoever blocked somebody is not to be drawn into a conversation by them. */
  async function checkWelcome(userId: string, others: string[]): Promise<void> {
    if ((await deps.blockers(userId, others)).length > 0) throw new ChatError('forbidden', { message: 'You cannot add this person.' });
  }

  async function checkExist(userIds: string[]): Promise<void> {
    const known = new Set(await deps.existingUsers(userIds));
    const missing = userIds.filter((id) => !known.has(id));
    if (missing.length > 0)
      throw new ChatError('not_found', {
        message: 'There is no such person.',
        details: [{ path: 'memberIds', issue: missing.join(', ') }],
      });
  }

  async function create(caller: Caller, input: RestInput<'createConversation'>) {
    if (caller.guest && input.kind === 'channel') throw new ChatError('forbidden', { message: 'Guests cannot create channels.' });
    const others = await checkPeople(caller, input);
    const result = await store.createConversation({
      id: uuidV7(),
      kind: input.kind,
      title: input.kind === 'direct' ? undefined : input.title,
      topic: input.topic,
      history: input.history ?? (input.kind === 'channel' ? 'all' : 'joined'),
      creatorId: caller.userId,
      memberIds: [caller.userId, ...others],
      clientId: input.clientId,
      directKey: input.kind === 'direct' ? [caller.userId, others[0]!].sort().join(':') : undefined,
    });
    if (result.created) await announce(result);
    return { created: result.created, conversation: await load(caller.userId, result.id) };
  }

  async function announce(created: CreatedConversation): Promise<void> {
    published(created.id, created);
    await tellAdded(created.userIds, created.id);
  }

  function removed(id: string, result: MembershipChanged, userId: string, action: 'removed' | 'left') {
    published(id, result, [userId]);
    fanout.toUsers([userId], 'conversation:removed', { conversationId: id, reason: action }, { droppable: false });
  }

  const operations = {
    create,
    announce,
    load,
    async patch(userId: string, id: string, input: RestInput<'patchConversation'>) {
      const { result } = await change(
        id,
        (access) => decideManage(access, userId),
        (expectVersion) => store.patchConversation({ conversationId: id, actorId: userId, ...input, expectVersion }),
      );
      published(id, result);
      return load(userId, id);
    },
    async delete(userId: string, id: string) {
      const { result, access } = await change(
        id,
        (a) => decideManage(a, userId),
        (expectVersion, a) => {
          if (a.members.get(userId)!.role !== 'owner')
            throw new ChatError('forbidden', { message: 'Only an owner may delete a conversation.' });
          return store.deleteConversation(id, expectVersion);
        },
      );
      published(id, result);
      fanout.toUsers([...access.members.keys()], 'conversation:removed', { conversationId: id, reason: 'deleted' }, { droppable: false });
    },
    async listMembers(userId: string, id: string, cursor: string | undefined, limit: number) {
      await authorise(membership, id, (access) => decideMember(access, userId));
      return store.listMembers(id, { cursor, limit });
    },
    async addMembers(userId: string, id: string, input: RestInput<'addMembers'>) {
      const role = input.role ?? 'member';
      const added = { conversationId: id, actorId: userId, userIds: [...new Set(input.userIds)], role, action: 'added' as const };
      await authorise(membership, id, (access) => decideManage(access, userId));
      await checkExist(input.userIds);
      await checkWelcome(userId, input.userIds);
      const { result } = await change(
        id,
        (access) => decideManage(access, userId),
        (expectVersion, access) => {
          if (role === 'owner' || (role === 'admin' && access.members.get(userId)!.role !== 'owner')) {
            throw new ChatError('forbidden', { message: 'You cannot give a role that is not below your own.' });
          }
          return store.addMembers({ ...added, maxMembers: limits.groupMaxMembers, expectVersion });
        },
      );
      published(id, result);
      await tellAdded(result.userIds, id);
      return load(userId, id);
    },
    async setRole(userId: string, id: string, targetId: string, role: Role) {
      const { result } = await change(
        id,
        (access) => decideMemberChange(access, userId, targetId, role),
        (expectVersion) => store.setRole({ conversationId: id, actorId: userId, userId: targetId, role, expectVersion }),
      );
      published(id, result);
    },
    async removeMember(userId: string, id: string, targetId: string) {
      if (targetId === userId) return operations.leave(userId, id);
      const { result } = await change(
        id,
        (access) => decideMemberChange(access, userId, targetId),
        (expectVersion) => store.removeMember({ conversationId: id, actorId: userId, userId: targetId, action: 'removed', expectVersion }),
      );
      removed(id, result, targetId, 'removed');
    },
    async join(caller: Caller, id: string) {
      const access = await membership.get(id);
      if (access === undefined || (access.kind !== 'channel' && !access.members.has(caller.userId))) throw new ChatError('not_found');
      if (access.archived) throw new ChatError('forbidden', { message: 'This channel is archived.' });
      if (!access.members.has(caller.userId)) {
        const joined = {
          conversationId: id,
          actorId: caller.userId,
          userIds: [caller.userId],
          role: 'member' as const,
          action: 'joined' as const,
        };
        const result = settled(await store.addMembers({ ...joined, maxMembers: limits.groupMaxMembers }));
        published(id, result);
        await tellAdded(result.userIds, id);
      }
      return load(caller.userId, id);
    },
    async leave(userId: string, id: string) {
      const access = await authorise(membership, id, (a) => decideMember(a, userId));
      if (access.kind === 'direct') throw new ChatError('forbidden', { message: 'A direct conversation cannot be left.' });
      removed(id, settled(await store.removeMember({ conversationId: id, actorId: userId, userId, action: 'left' })), userId, 'left');
    },
    /** Of somebody whose account ends. */
    async abandon(userId: string, id: string) {
      const result = settled(await store.removeMember({ conversationId: id, actorId: userId, userId, action: 'left' }));
      if (result.status === 'changed') removed(id, result, userId, 'left');
    },
    async patchMe(userId: string, id: string, input: RestInput<'patchConversationMe'>) {
      await authorise(membership, id, (access) => decideMember(access, userId));
      const me = await store.patchMe({ userId, conversationId: id, ...input });
      fanout.toUsers([userId], 'conversation:me', { conversationId: id, me }, { droppable: false });
      return me;
    },
    browse: (userId: string, q: string, cursor: string | undefined, limit: number) => store.browseChannels(userId, q, { cursor, limit }),
  };
  return guardAll(operations);
}

/** Every operation answers `unavailable` while Postgres is away. */
function guardAll<T extends Record<string, (...args: never[]) => Promise<unknown>>>(operations: T): T {
  const guarded = Object.entries(operations).map(([name, run]) => [name, (...args: never[]) => translateUnavailable(() => run(...args))]);
  return Object.fromEntries(guarded) as T;
}
export type Conversations = ReturnType<typeof createConversations>;
