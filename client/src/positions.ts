import type { ClientEventName, Conversation, EventInput, EventResult, Member } from '@chatcluster/protocol';
import { POSITIONS_MAX_CONVERSATIONS } from '@chatcluster/protocol/limits';
import type { Book } from './book.ts';

export interface PositionsDeps {
  book: Pick<Book, 'all' | 'get' | 'receipt'>;
  call<E extends ClientEventName>(event: E, payload: EventInput<E>): Promise<EventResult[E]>;
  isOpen(): boolean;
  me(): string;
}

/** Nobody gets further than the newest entry; and a newer one would be news for `changes`, which tells the positions too. */
function mayHaveMoved({ lastSeq, members, me }: Conversation, meId: string): boolean {
  const isBehind = ({ userId, deliveredSeq, readSeq }: Member) => userId !== meId && (deliveredSeq < lastSeq || readSeq < lastSeq);
  return members === undefined || me.deliveredSeq < lastSeq || members.some(isBehind);
}

/**
 * How far the others have come is told as it happens, and is no news for `changes`: what moved while there was no connection is
 * asked for where somebody looks, which is in the conversations that are open.
 */
export class Positions {
  #deps: PositionsDeps;
  /** What was learned on this connection, which has told every move since. */
  #known = new Set<string>();

  constructor(deps: PositionsDeps) {
    this.#deps = deps;
  }

  /** Everything that was missed has been read on a new connection. */
  async connected(): Promise<void> {
    const opened = this.#deps.book.all().filter((c) => this.#deps.book.get(c.id)?.isOpened && mayHaveMoved(c, this.#deps.me()));
    const latestFirst = opened.toSorted((a, b) => b.lastSeq - a.lastSeq).map(({ id }) => id);
    await this.#ask(latestFirst.slice(0, POSITIONS_MAX_CONVERSATIONS));
  }

  disconnected(): void {
    this.#known.clear();
  }

  listed(conversations: readonly Conversation[]): void {
    for (const { id } of conversations) this.#known.add(id);
  }

  async opened(conversationId: string): Promise<void> {
    await this.#ask([conversationId]);
  }

  /** Without an answer the marks stay as they are until the conversation is opened again. */
  async #ask(ids: readonly string[]): Promise<void> {
    const { book, call, isOpen } = this.#deps;
    const conversationIds = ids.filter((id) => !this.#known.has(id));
    if (conversationIds.length === 0 || !isOpen()) return;
    for (const id of conversationIds) this.#known.add(id);
    try {
      const { positions } = await call('positions', { conversationIds });
      for (const [id, people] of Object.entries(positions)) {
        for (const { userId, deliveredSeq, readSeq } of people) book.receipt(id, userId, deliveredSeq, readSeq);
      }
    } catch {
      for (const id of conversationIds) this.#known.delete(id);
    }
  }
}
