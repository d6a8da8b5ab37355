import { randomUUID } from 'node:crypto';

export interface Outgoing {
  slot: number;
  conversationId: string;
  clientMsgId: string;
  body: string;
  /** When the schedule wanted it to be sent. */
  intendedAtMs: number;
  sentAtMs: number;
  attempts: number;
  done: (() => void) | undefined;
}

/** Beyond this one person's unsent messages are given up (and counted): a server that is away must not fill our memory. */
const LONGEST = 200;

/** What one person still has to send; at most one message of a conversation is under way. */
export class Outbox {
  readonly #queues = new Map<number, Outgoing[]>();
  readonly #busy = new Set<number>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** False when the box is full. */
  add(message: Pick<Outgoing, 'slot' | 'conversationId' | 'body' | 'intendedAtMs' | 'done'>): boolean {
    if (this.#size >= LONGEST) return false;
    const queue = this.#queues.get(message.slot) ?? [];
    this.#queues.set(message.slot, queue);
    queue.push({ ...message, clientMsgId: randomUUID(), sentAtMs: 0, attempts: 0 });
    this.#size += 1;
    return true;
  }

  /** Conversations with something to send and nothing under way. */
  idle(): number[] {
    return [...this.#queues.keys()].filter((slot) => !this.#busy.has(slot));
  }

  head(slot: number): Outgoing | undefined {
    return this.#queues.get(slot)?.[0];
  }

  /** False when one is under way already. */
  begin(slot: number): boolean {
    if (this.#busy.has(slot)) return false;
    this.#busy.add(slot);
    return true;
  }

  end(slot: number): void {
    this.#busy.delete(slot);
  }

  remove(slot: number): void {
    const queue = this.#queues.get(slot);
    if (!queue?.shift()) return;
    this.#size -= 1;
    if (queue.length === 0) this.#queues.delete(slot);
  }
}
