import type { OwnUser } from '@chatcluster/protocol';
import type { Blocks } from '../blocks.ts';
import type { Book } from '../book.ts';
import type { CatchUp } from '../catch-up.ts';
import type { Outbox } from '../outbox.ts';
import type { People } from '../people.ts';
import type { Receipts } from '../receipts.ts';
import type { Session } from '../session.ts';
import type { Threads } from '../threads.ts';
import type { Keeper } from './keeper.ts';

export interface OfflineDeps {
  keeper: Keeper;
  session: Session;
  book: Book;
  people: People;
  blocks: Blocks;
  catchUp: CatchUp;
  outbox: Outbox;
  receipts: Receipts;
  threads: Threads;
  /** The own profile, from the server. */
  me(): Promise<OwnUser>;
}

/** Starts from what an earlier run of the app left on this device, before the server is asked. */
export class Offline {
  #deps: OfflineDeps;
  /** The own profile is that of an earlier run. */
  #isRemembered = false;

  constructor(deps: OfflineDeps) {
    this.#deps = deps;
  }

  /** True: somebody was signed in here. Whether the session still holds, the first connection tells. */
  async resume(): Promise<boolean> {
    const known = await this.#deps.keeper.account();
    if (known === undefined) return false;
    this.#deps.session.restore(known);
    this.#deps.blocks.restore(known.blocked);
    this.#isRemembered = true;
    return true;
  }

  /** The list and the names. */
  async restore(): Promise<void> {
    const state = await this.#deps.keeper.restore();
    if (state === undefined) return;
    // First: what is restored then shows it.
    this.#deps.receipts.restore(this.#deps.threads.restore(state.reads));
    this.#deps.book.restore(state.conversations);
    this.#deps.people.restore(state.users);
    this.#deps.catchUp.restore(state);
  }

  /** The stored log of a conversation, where there is one and the server has not given it yet. */
  async open(conversationId: string): Promise<void> {
    const { keeper, book, outbox, catchUp } = this.#deps;
    if (book.get(conversationId)?.log.loaded === true) return;
    await keeper.open(conversationId);
    const log = book.get(conversationId)?.log;
    if (log?.loaded !== true) return;
    outbox.found(conversationId, log.messages);
    catchUp.opened();
  }

  /** The profile may have been changed on another device since. */
  connected(): void {
    if (!this.#isRemembered) return;
    this.#isRemembered = false;
    const { session, me } = this.#deps;
    me().then(
      (user) => user.id === session.user?.id && session.setUser(user),
      () => (this.#isRemembered = true), // The next connection asks again.
    );
  }

  clear(): void {
    this.#isRemembered = false;
    this.#deps.keeper.clear();
  }
}
