import { randomBytes } from 'node:crypto';
import type { Conversation, Invite, InvitePreview, Limits, RestInput } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import type pg from 'pg';
import { decideManage } from '../domain/permissions.ts';
import { acceptInvite, insertInvite, type InviteRow, listInvites, previewInvite, revokeInvite } from '../store/sql/invites.ts';
import type { Conversations } from './conversations.ts';
import type { Membership } from './membership.ts';
import { authorise } from './require.ts';
import { translateUnavailable } from './unavailable.ts';

export interface InvitesDeps {
  pool: pg.Pool;
  membership: Pick<Membership, 'get' | 'peek' | 'reload'>;
  conversations: Pick<Conversations, 'announce' | 'load'>;
  limits: Limits;
}

const WEEK_SECONDS = 7 * 86_400;
const CODE_BYTES = 18;

const spent = () => new ChatError('not_found', { message: 'This invite is not valid any more. Ask for a new one.' });

/** Links by which others may come in: made, listed and revoked by owners and admins; whoever holds one may use it. */
export function createInvites({ pool, membership, conversations, limits }: InvitesDeps) {
  const manage = (userId: string, id: string) => authorise(membership, id, (access) => decideManage(access, userId));

  async function create(userId: string, conversationId: string, input: RestInput<'createInvite'>): Promise<Omit<Invite, 'url'>> {
    await manage(userId, conversationId);
    const made = await insertInvite(pool, {
      conversationId,
      createdBy: userId,
      code: randomBytes(CODE_BYTES).toString('base64url'),
      expiresInSeconds: input.expiresIn ?? WEEK_SECONDS,
      maxUses: input.maxUses ?? null,
      clientId: input.clientId ?? null,
    });
    return toInvite(made);
  }

  async function accept(userId: string, code: string): Promise<Conversation> {
    const accepted = await acceptInvite(pool, code, userId, limits.groupMaxMembers);
    switch (accepted.status) {
      case 'missing':
      case 'spent':
        throw spent();
      case 'archived':
        throw new ChatError('forbidden', { message: 'This conversation is archived.' });
      case 'full':
        throw new ChatError('conflict', { message: `A conversation may have at most ${limits.groupMaxMembers} members.` });
      case 'changed':
        await conversations.announce({ ...accepted, created: false });
        return conversations.load(userId, accepted.id);
      case 'unchanged':
        return conversations.load(userId, accepted.id);
      default: {
        const never: never = accepted;
        throw new Error(`unknown result ${String(never)}`);
      }
    }
  }

  return {
    create: (userId: string, conversationId: string, input: RestInput<'createInvite'>) =>
      translateUnavailable(() => create(userId, conversationId, input)),
    list: (userId: string, conversationId: string) =>
      translateUnavailable(async () => {
        await manage(userId, conversationId);
        return (await listInvites(pool, conversationId)).map(toInvite);
      }),
    revoke: (userId: string, conversationId: string, code: string) =>
      translateUnavailable(async () => {
        await manage(userId, conversationId);
        if (!(await revokeInvite(pool, conversationId, code))) throw new ChatError('not_found');
      }),
    preview: (code: string): Promise<InvitePreview> =>
      translateUnavailable(async () => {
        const preview = await previewInvite(pool, code);
        if (preview === undefined) throw spent();
        return preview;
      }),
    accept: (userId: string, code: string) => translateUnavailable(() => accept(userId, code)),
  };
}
export type Invites = ReturnType<typeof createInvites>;

function toInvite({ maxUses, ...invite }: InviteRow): Omit<Invite, 'url'> {
  return maxUses === null ? invite : { ...invite, maxUses };
}
