import type { Conversation } from '@chatcluster/protocol';
import type { Book } from './book.ts';
import type { Outbox } from './outbox.ts';
import { buildSnapshot, sortConversations } from './snapshots.ts';
import type { ConversationSnapshot } from './types.ts';
import type { Typing } from './typing.ts';

export interface ViewsDeps {
  me(): string;
  book(): Pick<Book, 'get' | 'all'>;
  outbox(): Pick<Outbox, 'pending'>;
  typing(): Pick<Typing, 'users'>;
}

/** What the getters of the client give: built when asked for, and the same object until something in it changes. */
export class Views {
  #deps: ViewsDeps;
  #list: readonly Conversation[] | undefined;
  #snapshots = new Map<string, ConversationSnapshot>();
  #outdated = new Set<string>();

  constructor(deps: ViewsDeps) {
    this.#deps = deps;
  }

  conversations(): readonly Conversation[] {
    this.#list ??= sortConversations(this.#deps.book().all());
    return this.#list;
  }

  conversation(id: string): ConversationSnapshot {
    const before = this.#snapshots.get(id);
    if (before !== undefined && !this.#outdated.has(id)) return before;
    const { me, book, outbox, typing } = this.#deps;
    const parts = { id, me: me(), page: book().get(id), pending: outbox().pending(id), typing: typing().users(id) };
    const snapshot = buildSnapshot(parts, before);
    this.#snapshots.set(id, snapshot);
    this.#outdated.delete(id);
    return snapshot;
  }

  changed(conversationId: string): void {
    this.#list = undefined;
    this.#outdated.add(conversationId);
  }

  /** The list is another one as a whole. */
  listChanged(): void {
    this.#list = undefined;
  }

  clear(): void {
    this.#list = undefined;
    this.#snapshots.clear();
    this.#outdated.clear();
  }
}
