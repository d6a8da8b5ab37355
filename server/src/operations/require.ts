import { ChatError } from '@chatcluster/protocol/errors';
import type { Decision } from '../domain/permissions.ts';
import type { ConversationAccess } from '../store/types.ts';
import type { Membership } from './membership.ts';

/** A refused decision becomes the error that the caller sees. */
export function require(decision: Decision): void {
  if (!decision.ok) throw new ChatError(decision.code, decision.message === undefined ? {} : { message: decision.message });
}

/**
 * The member list if `decide` allows it. A refusal from an old copy would be wrong for someone who was just added or
 * promoted on another pod: it is looked up again before anybody is told no.
 */
export async function authorise(
  membership: Pick<Membership, 'get' | 'peek' | 'reload'>,
  conversationId: string,
  decide: (access: ConversationAccess | undefined) => Decision,
  atLeastVersion = 0,
): Promise<ConversationAccess> {
  const cached = membership.peek(conversationId, atLeastVersion);
  if (cached !== undefined && decide(cached).ok) return cached;
  const access = await (cached === undefined ? membership.get(conversationId, atLeastVersion) : membership.reload(conversationId));
  require(decide(access));
  return access!;
}
