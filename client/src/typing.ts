import { TYPING_CLEAR_MS } from '@chatcluster/protocol/limits';
import type { Scheduler } from './scheduler.ts';

export interface TypingDeps {
  scheduler: Scheduler;
  /** Volatile: nothing happens when it cannot be sent. */
  send(conversationId: string, on: boolean): void;
  changed(conversationId: string): void;
}

/** The server clears typing after 6 s, so it is renewed at half of that while keys are pressed. */
const RENEW_MS = TYPING_CLEAR_MS / 2;
const NOBODY: readonly string[] = [];

/** Who types where, and the own typing, told at most every 3 s. */
export class Typing {
  #deps: TypingDeps;
  #toldAt = new Map<string, number>();
  #others = new Map<string, Map<string, () => void>>();
  #views = new Map<string, readonly string[]>();

  constructor(deps: TypingDeps) {
    this.#deps = deps;
  }

  set(conversationId: string, on: boolean): void {
    const toldAt = this.#toldAt.get(conversationId);
    const now = this.#deps.scheduler.now();
    const isFresh = toldAt !== undefined && now - toldAt < (on ? RENEW_MS : TYPING_CLEAR_MS);
    if (on === isFresh) return;
    if (on) this.#toldAt.set(conversationId, now);
    else this.#toldAt.delete(conversationId);
    this.#deps.send(conversationId, on);
  }

  received(conversationId: string, userId: string, on: boolean): void {
    const others = this.#others.get(conversationId) ?? new Map<string, () => void>();
    this.#others.set(conversationId, others);
    const wasOn = others.has(userId);
    others.get(userId)?.();
    others.delete(userId);
    if (on)
      others.set(
        userId,
        this.#deps.scheduler.after(TYPING_CLEAR_MS, () => this.received(conversationId, userId, false)),
      );
    if (wasOn === on) return;
    this.#views.set(conversationId, others.size === 0 ? NOBODY : [...others.keys()]);
    this.#deps.changed(conversationId);
  }

  users(conversationId: string): readonly string[] {
    return this.#views.get(conversationId) ?? NOBODY;
  }

  clear(): void {
    for (const cancel of [...this.#others.values()].flatMap((o) => [...o.values()])) cancel();
    this.#others.clear();
    this.#views.clear();
    this.#toldAt.clear();
  }
}
