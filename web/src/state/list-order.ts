import type { Conversation } from '@chatcluster/protocol';

type Ordered = Pick<Conversation, 'archived'> & { me: Pick<Conversation['me'], 'favourite'> };

/** As the list shows them: favourites first, what is archived last, else as they come. */
export function inOrder<T extends Ordered>(conversations: readonly T[]): T[] {
  const rank = ({ archived, me }: Ordered) => (archived ? 2 : me.favourite ? 0 : 1);
  return conversations.toSorted((a, b) => rank(a) - rank(b));
}
