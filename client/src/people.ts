import type { Presence, PresenceSetting, User } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';

export interface PeopleDeps {
  lookUp(userId: string): Promise<User>;
  watch(userIds: string[]): Promise<{ presence: Record<string, Presence> }>;
  isOpen(): boolean;
  /** A name is known, or has changed. */
  learned(user: User): void;
  changed(): void;
}

const MAX_WATCHED = 500;

/** Names and presence of other people. */
export class People {
  #deps: PeopleDeps;
  #users = new Map<string, User>();
  #asked = new Set<string>();
  #presence = new Map<string, Presence>();
  #watched: string[] = [];
  /** From an earlier run of the app: shown at once, asked for again when they are needed. */
  #remembered = new Set<string>();
  /** Told again on every connection; the server forgets it with the last socket. */
  setting: PresenceSetting | undefined;

  constructor(deps: PeopleDeps) {
    this.#deps = deps;
  }

  user(userId: string): User | undefined {
    const user = this.#users.get(userId);
    const isWanted = user === undefined || (this.#remembered.has(userId) && this.#deps.isOpen());
    if (isWanted && !this.#asked.has(userId)) this.#ask(userId);
    return user;
  }

  restore(users: readonly User[]): void {
    for (const user of users) {
      if (this.#users.has(user.id)) continue;
      this.#users.set(user.id, user);
      this.#remembered.add(user.id);
    }
    this.#deps.changed();
  }

  learn(user: User): void {
    this.#remembered.delete(user.id);
    this.#users.set(user.id, user);
    this.#deps.learned(user);
    this.#deps.changed();
  }

  presence(userId: string): Presence | undefined {
    return this.#presence.get(userId);
  }

  setPresence(presence: Presence): void {
    this.#presence.set(presence.userId, presence);
    this.#deps.changed();
  }

  watch(userIds: readonly string[]): void {
    const wanted = [...new Set(userIds)].sort().slice(0, MAX_WATCHED);
    if (wanted.join() === this.#watched.join()) return;
    this.#watched = wanted;
    this.tellWatched();
  }

  tellWatched(): void {
    if (!this.#deps.isOpen() || this.#watched.length === 0) return;
    this.#deps.watch(this.#watched).then(
      ({ presence }) => Object.values(presence).forEach((p) => this.setPresence(p)),
      () => undefined, // Volatile: the next connection watches again.
    );
  }

  clear(): void {
    this.#users.clear();
    this.#remembered.clear();
    this.#asked.clear();
    this.#presence.clear();
    this.#watched = [];
    this.setting = undefined;
  }

  #ask(userId: string): void {
    this.#asked.add(userId);
    this.#deps.lookUp(userId).then(
      (user) => this.learn(user),
      (error: unknown) => {
        if (error instanceof ChatError && error.retryable) this.#asked.delete(userId);
      },
    );
  }
}
