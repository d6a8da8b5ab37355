import type { ClientEvents, Unsubscribe } from './types.ts';

type Listener<E extends keyof ClientEvents> = (payload: ClientEvents[E]) => void;
type Table = { [E in keyof ClientEvents]?: Set<Listener<E>> };

/** Typed events, and one "something changed" signal that is merged per microtask. */
export class Emitter {
  #table: Table = {};
  #listeners = new Set<() => void>();
  #isPlanned = false;

  on<E extends keyof ClientEvents>(event: E, listener: Listener<E>): Unsubscribe {
    const table = this.#table as Record<E, Set<Listener<E>> | undefined>;
    const listeners = table[event] ?? new Set<Listener<E>>();
    table[event] = listeners;
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  emit<E extends keyof ClientEvents>(event: E, payload: ClientEvents[E]): void {
    const table = this.#table as Record<E, Set<Listener<E>> | undefined>;
    for (const listener of [...(table[event] ?? [])]) listener(payload);
  }

  subscribe(listener: () => void): Unsubscribe {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  changed(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    queueMicrotask(() => {
      this.#isPlanned = false;
      for (const listener of [...this.#listeners]) listener();
    });
  }
}
