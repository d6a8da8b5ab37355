import type { Entry, EventInput, SendResult, WireError } from '@chatcluster/protocol';
import { ChatError, toWireError } from '@chatcluster/protocol/errors';
import { backoffMs } from './backoff.ts';
import type { Scheduler } from './scheduler.ts';
import type { Store } from './store.ts';
import type { PendingMessage, SendInput } from './types.ts';

export interface OutboxDeps {
  store: Store;
  scheduler: Scheduler;
  random: () => number;
  newId: () => string;
  userId(): string;
  isOpen(): boolean;
  /** How far the conversation's entries are applied here. */
  cursor(conversationId: string): number;
  send(payload: EventInput<'message:send'>): Promise<SendResult>;
  changed(conversationId: string): void;
  failed(pending: PendingMessage, error: WireError): void;
  /** The store cannot be written; the message is still sent while the app runs. */
  storeFailed(error: unknown): void;
}

interface Item {
  pending: PendingMessage;
  /** Acknowledged on this connection: not handed over again before the next one. */
  isHanded: boolean;
  seq?: number;
  failures: number;
}

/**
 * Own messages that are not in the log yet, in order per conversation, one unanswered send each (G4). An item leaves when
 * its entry is seen, so a message that was only queued by the server is offered again on every new connection; the same
 * clientMsgId makes that safe (G3).
 *
 * | state | on | to |
 * |---|---|---|
 * | queued | connection open, its turn | sending |
 * | sending | ack stored | sent (gone when its entry is here already) |
 * | sending | ack queued | queued, handed over |
 * | sending | no answer, or an error that may pass | queued, again after backoff or on the next connection |
 * | sending | an error for good | failed |
 * | queued, sent | entry seen | gone |
 * | queued, sent | message:rejected | failed |
 * | sent, handed over | new connection | queued |
 * | failed | retry | queued |
 */
export class Outbox {
  #deps: OutboxDeps;
  #queues = new Map<string, Item[]>();
  #busy = new Set<string>();
  #timers = new Map<string, () => void>();
  #views = new Map<string, readonly PendingMessage[]>();

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  /** What an earlier run of the app did not get through. */
  async load(): Promise<void> {
    const saved = await this.#deps.store.loadOutbox(this.#deps.userId());
    for (const pending of saved.toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1))) {
      if (this.#find(pending.clientMsgId)) continue;
      this.#push({ ...pending, state: pending.state === 'failed' ? 'failed' : 'queued' });
    }
    this.flush();
  }

  pending(conversationId: string): readonly PendingMessage[] {
    const view = this.#views.get(conversationId) ?? (this.#queues.get(conversationId) ?? []).map((item) => item.pending);
    this.#views.set(conversationId, view);
    return view;
  }

  add(conversationId: string, input: SendInput): string {
    const clientMsgId = this.#deps.newId();
    const createdAt = new Date(this.#deps.scheduler.now()).toISOString();
    const item = this.#push({ ...input, clientMsgId, conversationId, createdAt, state: 'queued' });
    this.#save(item.pending);
    this.#pump(conversationId);
    return clientMsgId;
  }

  retry(clientMsgId: string): void {
    const item = this.#find(clientMsgId);
    if (item?.pending.state !== 'failed') return;
    const { error: _error, ...rest } = item.pending;
    this.#set(item, { ...rest, state: 'queued' });
    this.#pump(rest.conversationId);
  }

  discard(clientMsgId: string): void {
    const item = this.#find(clientMsgId);
    if (item) this.#drop(item);
  }

  /** A new connection: everything that is not in the log is offered again, in order. */
  connected(): void {
    for (const item of [...this.#queues.values()].flat()) {
      item.isHanded = false;
      item.failures = 0;
      if (item.pending.state === 'sent') this.#set(item, { ...item.pending, state: 'queued' });
    }
    this.flush();
  }

  flush(): void {
    for (const id of this.#queues.keys()) this.#pump(id);
  }

  /** Entries of the conversation were applied. */
  seen(conversationId: string, entries: readonly Entry[]): void {
    const me = this.#deps.userId();
    const own = new Set(entries.filter((e) => e.type === 'message' && e.actorId === me).map((e) => e.clientMsgId));
    this.#leaveWhere(conversationId, (item) => own.has(item.pending.clientMsgId));
  }

  /** Messages of the log: what is among them has arrived, although an earlier run of the app could not note it. */
  found(conversationId: string, messages: readonly { clientMsgId?: string }[]): void {
    const arrived = new Set(messages.map((message) => message.clientMsgId));
    this.#leaveWhere(conversationId, (item) => arrived.has(item.pending.clientMsgId));
  }

  /** The cursor jumped: what was acknowledged below it is in the history. */
  passed(conversationId: string, cursor: number): void {
    this.#leaveWhere(conversationId, (item) => item.seq !== undefined && item.seq <= cursor);
  }

  rejected(clientMsgId: string, error: WireError): void {
    const item = this.#find(clientMsgId);
    if (item) this.#fail(item, error);
  }

  clear(): void {
    for (const cancel of this.#timers.values()) cancel();
    this.#timers.clear();
    this.#queues.clear();
    this.#views.clear();
  }

  #pump(conversationId: string): void {
    if (this.#busy.has(conversationId) || this.#timers.has(conversationId) || !this.#deps.isOpen()) return;
    const item = this.#queues.get(conversationId)?.find((i) => i.pending.state === 'queued' && !i.isHanded);
    if (item === undefined) return;
    this.#busy.add(conversationId);
    this.#set(item, { ...item.pending, state: 'sending' });
    this.#deps
      .send(toPayload(item.pending))
      .then(
        (result) => this.#acknowledged(item, result),
        (error: unknown) => this.#refused(item, error),
      )
      .finally(() => {
        this.#busy.delete(conversationId);
        this.#pump(conversationId);
      });
  }

  #acknowledged(item: Item, result: SendResult): void {
    if (!this.#find(item.pending.clientMsgId)) return; // The entry came before the ack.
    item.failures = 0;
    item.isHanded = true;
    if (result.seq !== undefined) item.seq = result.seq;
    const state = result.status === 'stored' ? 'sent' : 'queued';
    this.#set(item, { ...item.pending, state, messageId: result.id });
    this.passed(item.pending.conversationId, this.#deps.cursor(item.pending.conversationId));
  }

  #refused(item: Item, error: unknown): void {
    if (!this.#find(item.pending.clientMsgId)) return;
    const known = error instanceof ChatError ? error : new ChatError('internal', { cause: error });
    if (!known.retryable) return this.#fail(item, toWireError(known));
    this.#set(item, { ...item.pending, state: 'queued' });
    if (!this.#deps.isOpen()) return;
    item.failures += 1;
    const { conversationId } = item.pending;
    const delay = backoffMs(item.failures, this.#deps.random, known.retryAfterMs);
    this.#timers.set(
      conversationId,
      this.#deps.scheduler.after(delay, () => {
        this.#timers.delete(conversationId);
        this.#pump(conversationId);
      }),
    );
  }

  #fail(item: Item, error: WireError): void {
    this.#set(item, { ...item.pending, state: 'failed', error });
    this.#deps.failed(item.pending, error);
  }

  #leaveWhere(conversationId: string, leaves: (item: Item) => boolean): void {
    for (const item of (this.#queues.get(conversationId) ?? []).filter(leaves)) this.#drop(item);
  }

  #push(pending: PendingMessage): Item {
    const item: Item = { pending, isHanded: false, failures: 0 };
    this.#queues.set(pending.conversationId, [...(this.#queues.get(pending.conversationId) ?? []), item]);
    this.#touched(pending.conversationId);
    return item;
  }

  #drop(item: Item): void {
    const { conversationId, clientMsgId } = item.pending;
    const rest = (this.#queues.get(conversationId) ?? []).filter((i) => i !== item);
    if (rest.length > 0) this.#queues.set(conversationId, rest);
    else this.#queues.delete(conversationId);
    this.#deps.store.deletePending(this.#deps.userId(), clientMsgId).catch(this.#deps.storeFailed);
    this.#touched(conversationId);
  }

  #set(item: Item, pending: PendingMessage): void {
    item.pending = pending;
    if (pending.state === 'failed') this.#save(pending);
    this.#touched(pending.conversationId);
  }

  #save(pending: PendingMessage): void {
    this.#deps.store.savePending(this.#deps.userId(), pending).catch(this.#deps.storeFailed);
  }

  #touched(conversationId: string): void {
    this.#views.delete(conversationId);
    this.#deps.changed(conversationId);
  }

  #find(clientMsgId: string): Item | undefined {
    return [...this.#queues.values()].flat().find((item) => item.pending.clientMsgId === clientMsgId);
  }
}

function toPayload(pending: PendingMessage): EventInput<'message:send'> {
  const { conversationId, clientMsgId, body, replyTo, threadRoot, attachments, mentions, mentionAll, forward } = pending;
  return {
    conversationId,
    clientMsgId,
    body,
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(threadRoot === undefined ? {} : { threadRoot }),
    ...(attachments === undefined ? {} : { attachments: [...attachments] }),
    ...(mentions === undefined ? {} : { mentions: [...mentions] }),
    ...(mentionAll === undefined ? {} : { mentionAll }),
    ...(forward === undefined ? {} : { forward }),
  };
}
