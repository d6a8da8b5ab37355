export interface BlocksDeps {
  /** Tells the server. */
  send(userId: string, on: boolean): Promise<void>;
  /** The list is another one. */
  changed(): void;
}

/** Whom the user has blocked: no direct messages and no presence either way, nothing of theirs is unread. */
export class Blocks {
  #deps: BlocksDeps;
  #ids: ReadonlySet<string> = new Set();

  constructor(deps: BlocksDeps) {
    this.#deps = deps;
  }

  /** The same set until it changes. */
  get ids(): ReadonlySet<string> {
    return this.#ids;
  }

  /** All devices of the account hear of it. */
  async set(userId: string, on: boolean): Promise<void> {
    await this.#deps.send(userId, on);
    const others = [...this.#ids].filter((id) => id !== userId);
    this.learn(on ? [...others, userId] : others);
  }

  /** The whole list, as the server says. */
  learn(userIds: readonly string[]): void {
    if (userIds.length === this.#ids.size && userIds.every((id) => this.#ids.has(id))) return;
    this.#ids = new Set(userIds);
    this.#deps.changed();
  }

  /** As an earlier run of the app knew it; the server tells anew on each connection. */
  restore(userIds: readonly string[] = []): void {
    this.#ids = new Set(userIds);
  }

  clear(): void {
    this.#ids = new Set();
  }
}
