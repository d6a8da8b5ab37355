/** An entry as far as order and identity go. */
export interface Numbered {
  seq: number;
  id: string;
}

export interface Applied extends Numbered {
  atMs: number;
}

export interface ConversationLog {
  /** The cursor that the log starts behind. */
  from: number;
  applied: Applied[];
}

/** How live entries came in, before any rule was applied; counted per socket. */
export interface WireCounts {
  entries: number;
  /** A seq that came after a higher one, for the first time. */
  misordered: number;
  /** A seq that this socket had already brought. */
  repeated: number;
  /** A seq that skipped at least one. */
  gaps: number;
}

interface Inbox {
  cursor: number;
  held: Map<number, Numbered>;
}

/**
 * The client rule of the wire contract, written a second time so that the SDK cannot vouch for itself: the next seq
 * applies, a lower one is dropped, a higher one is held. Every application is recorded for the judge.
 */
export class Reader {
  readonly logs = new Map<string, ConversationLog>();
  readonly wire: WireCounts = { entries: 0, misordered: 0, repeated: 0, gaps: 0 };
  readonly #inboxes = new Map<string, Inbox>();
  readonly #unknown = new Map<string, Numbered[]>();
  /** Seqs that this socket brought, by conversation. */
  #onSocket = new Map<string, Set<number>>();
  #highest = new Map<string, number>();

  cursor(conversationId: string): number | undefined {
    return this.#inboxes.get(conversationId)?.cursor;
  }

  cursors(): [conversationId: string, cursor: number][] {
    return [...this.#inboxes].map(([id, { cursor }]) => [id, cursor]);
  }

  /** Conversations with entries that wait for an earlier one, or that are not known yet. */
  waiting(): { gaps: string[]; unknown: string[] } {
    const gaps = [...this.#inboxes].filter(([, { held }]) => held.size > 0).map(([id]) => id);
    return { gaps, unknown: [...this.#unknown.keys()] };
  }

  /** The history up to this seq is not asked for. A second call changes nothing. */
  begin(conversationId: string, cursor: number, nowMs: number): void {
    if (this.#inboxes.has(conversationId)) return;
    this.#inboxes.set(conversationId, { cursor, held: new Map() });
    this.logs.set(conversationId, { from: cursor, applied: [] });
    const early = this.#unknown.get(conversationId) ?? [];
    this.#unknown.delete(conversationId);
    this.apply(conversationId, early, nowMs);
  }

  socketOpened(): void {
    this.#onSocket = new Map();
    this.#highest = new Map();
  }

  /** Entries of the `entries` event. */
  live(conversationId: string, entries: readonly Numbered[], nowMs: number): void {
    for (const { seq } of entries) this.#countWire(conversationId, seq);
    this.apply(conversationId, entries, nowMs);
  }

  apply(conversationId: string, entries: readonly Numbered[], nowMs: number): void {
    const inbox = this.#inboxes.get(conversationId);
    if (!inbox) {
      if (entries.length > 0) this.#unknown.set(conversationId, [...(this.#unknown.get(conversationId) ?? []), ...entries]);
      return;
    }
    for (const entry of entries) if (entry.seq > inbox.cursor) inbox.held.set(entry.seq, entry);
    for (let next = inbox.held.get(inbox.cursor + 1); next; next = inbox.held.get(inbox.cursor + 1)) {
      inbox.held.delete(next.seq);
      inbox.cursor = next.seq;
      this.logs.get(conversationId)?.applied.push({ seq: next.seq, id: next.id, atMs: nowMs });
    }
  }

  #countWire(conversationId: string, seq: number): void {
    const seen = this.#onSocket.get(conversationId) ?? new Set();
    const highest = this.#highest.get(conversationId);
    this.wire.entries += 1;
    if (seen.has(seq)) this.wire.repeated += 1;
    else if (highest !== undefined && seq < highest) this.wire.misordered += 1;
    else if (highest !== undefined && seq > highest + 1) this.wire.gaps += 1;
    this.#onSocket.set(conversationId, seen.add(seq));
    this.#highest.set(conversationId, Math.max(highest ?? 0, seq));
  }
}
