import { setTimeout as pause } from 'node:timers/promises';
import type { Ack, SendResult } from '@chatcluster/protocol';
import { nowMs } from '../clock.ts';
import type { Meters } from '../meters.ts';
import type { AckRecord } from '../oracle/acks.ts';
import { markOf } from '../oracle/marks.ts';
import { createBody } from '../wire/packets.ts';
import type { Line } from './feed.ts';
import { Outbox, type Outgoing } from './outbox.ts';
import type { Witness } from './witness.ts';

const RETRY_MS = 500;
const REFUSALS_KEPT = 50;

export interface SenderOptions {
  user: number;
  witness: Witness;
  meters: Meters;
  /** By error code, of sends that were refused for good. */
  refusals: Map<string, number>;
  /** Returns when the server has taken a newer one, or the person has gone. */
  renewToken(): Promise<void>;
}

/** Sends one person's messages, each until it is acknowledged or refused for good, always with one clientMsgId. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #outbox = new Outbox();
  /** Queued by the server, whose number is not known yet: mark by clientMsgId. */
  readonly #queued = new Map<string, number>();
  #line: Line | undefined;
  #podId = '';

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  /** Not yet acknowledged. */
  get size(): number {
    return this.#outbox.size;
  }

  opened(line: Line): void {
    this.#line = line;
    this.#podId = line.podId;
    for (const slot of this.#outbox.idle()) void this.#pump(slot);
  }

  closed(): void {
    this.#line = undefined;
  }

  /** `done` is called once, whatever becomes of the message. */
  send({ slot, conversationId, intendedAtMs, done }: Pick<Outgoing, 'slot' | 'conversationId' | 'intendedAtMs' | 'done'>): void {
    const body = createBody(intendedAtMs, this.#podId);
    if (this.#outbox.add({ slot, conversationId, body, intendedAtMs, done })) void this.#pump(slot);
    else {
      this.#options.meters.counters.shed += 1;
      done?.();
    }
  }

  rejected(clientMsgId: string): void {
    const mark = this.#queued.get(clientMsgId);
    if (mark !== undefined) this.#options.witness.acks.reject(mark);
    this.#queued.delete(clientMsgId);
    this.#count('rejected');
  }

  async #pump(slot: number): Promise<void> {
    if (!this.#outbox.begin(slot)) return;
    try {
      for (let head = this.#outbox.head(slot); head && this.#line; head = this.#outbox.head(slot)) await this.#sendOnce(head, this.#line);
    } finally {
      this.#outbox.end(slot);
    }
    // The connection may have come back while the last attempt was being given up.
    if (this.#line && this.#outbox.head(slot)) void this.#pump(slot);
  }

  async #sendOnce(message: Outgoing, { connection, podId }: Line): Promise<void> {
    const { conversationId, clientMsgId, body } = message;
    const { counters } = this.#options.meters;
    if (message.attempts === 0) {
      message.sentAtMs = nowMs();
      counters.sent += 1;
    } else counters.retries += 1;
    message.attempts += 1;
    const ack = await connection.call<SendResult>('message:send', { conversationId, clientMsgId, body });
    if (ack?.ok) return this.#accepted(message, ack.data, podId);
    if (ack?.error.code === 'token_expired') await this.#options.renewToken();
    else if (ack && !ack.error.retryable) return this.#refused(message, ack);
    await pause(ack?.error.retryAfterMs ?? RETRY_MS * (0.5 + Math.random()));
  }

  #accepted(message: Outgoing, { status, id, seq, duplicate }: SendResult, podId: string): void {
    const { witness, meters, user } = this.#options;
    const ackedAtMs = nowMs();
    const record: AckRecord = {
      conversation: witness.deliveries.slots[message.slot]!.conversation,
      seq: seq ?? 0,
      mark: markOf(id),
      sender: user,
      pod: witness.podIndex(podId),
      intendedAtMs: message.intendedAtMs,
      sentAtMs: message.sentAtMs,
      ackedAtMs,
      attempts: message.attempts,
    };
    meters.time('ack', ackedAtMs - message.intendedAtMs);
    meters.counters.acknowledged += 1;
    if (duplicate) meters.counters.duplicates += 1;
    if (status === 'stored') witness.acknowledged(message.slot, record);
    else {
      meters.counters.queued += 1;
      witness.acks.addQueued(message.slot, record);
      this.#queued.set(message.clientMsgId, record.mark);
    }
    this.#finish(message);
  }

  #refused(message: Outgoing, ack: Extract<Ack<unknown>, { ok: false }>): void {
    this.#options.meters.counters.refused += 1;
    this.#count(ack.error.code);
    this.#finish(message);
  }

  #finish(message: Outgoing): void {
    this.#outbox.remove(message.slot);
    message.done?.();
  }

  #count(code: string): void {
    const { refusals } = this.#options;
    if (refusals.size < REFUSALS_KEPT || refusals.has(code)) refusals.set(code, (refusals.get(code) ?? 0) + 1);
  }
}
