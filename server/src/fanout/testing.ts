import { randomUUID } from 'node:crypto';
import type { Entry, ServerEvents } from '@chatcluster/protocol';
import type { BatchRange, ConversationAccess, EntryRange, Routing } from '../store/types.ts';
import type { AccessCache, TailStore } from './deps.ts';
import type { HubSocket, Publish } from './types.ts';

/** One fake socket that keeps what it is sent. For tests. */
export class RecordingSocket implements HubSocket {
  readonly id = randomUUID();
  readonly sessionId = randomUUID();
  readonly userId: string;
  readonly received: { event: string; payload: unknown; volatile: boolean }[] = [];

  constructor(userId: string) {
    this.userId = userId;
  }

  send(packet: { text: string }, volatile: boolean): void {
    const [event, payload] = JSON.parse(packet.text.slice(1)) as [string, unknown];
    this.received.push({ event, payload, volatile });
  }

  events(name: string): unknown[] {
    return this.received.filter((r) => r.event === name).map((r) => r.payload);
  }

  /** In order of arrival, duplicates included. */
  seqs(conversationId: string): number[] {
    const entries = this.events('entries') as ServerEvents['entries'][];
    return entries.filter((e) => e.conversationId === conversationId).flatMap((e) => e.entries.map((entry) => entry.seq));
  }
}

interface Stored extends BatchRange {
  xid: number;
  published: boolean;
  entries: Entry[];
}

/** Postgres as the fan-out sees it: one log of batches and the member lists. */
export class FakeStore {
  readonly conversations = new Map<string, ConversationAccess>();
  readonly batches: Stored[] = [];

  create(members: string[], routing: Routing = 'user'): string {
    const id = randomUUID();
    const list = members.map((userId) => [userId, { role: 'member' as const, firstSeq: 1 }] as const);
    this.conversations.set(id, {
      id,
      kind: 'group',
      history: 'joined',
      archived: false,
      memberVersion: 1,
      routing,
      lastSeq: 0,
      members: new Map(list),
      former: new Map(),
    });
    return id;
  }

  /** Commits; publishing is the test's. */
  append(conversationId: string, data: Partial<Entry> = {}): Publish & { batchId: string } {
    const access = this.conversations.get(conversationId)!;
    access.lastSeq += 1;
    const seq = access.lastSeq;
    const entry = {
      seq,
      type: 'message',
      id: randomUUID(),
      at: new Date().toISOString(),
      actorId: 'someone',
      data: { body: `${seq}` },
      ...data,
    } as Entry;
    const batchId = `${this.batches.length + 1}`;
    this.batches.push({
      batchId,
      conversationId,
      fromSeq: seq,
      toSeq: seq,
      xid: this.batches.length + 1,
      published: false,
      entries: [entry],
    });
    const recipients = access.routing === 'user' ? [...access.members.keys()] : [];
    return {
      batchId,
      conversationId,
      fromSeq: seq,
      toSeq: seq,
      memberVersion: access.memberVersion,
      routing: access.routing,
      recipients,
      entries: [entry],
    };
  }

  /** Removes with an entry, as the membership operation does; the former member is a recipient of that entry. */
  remove(conversationId: string, userId: string): Publish & { batchId: string } {
    const access = { ...this.conversations.get(conversationId)! };
    access.members = new Map(access.members);
    access.members.delete(userId);
    access.memberVersion += 1;
    access.former = new Map([[userId, access.lastSeq + 1]]);
    this.conversations.set(conversationId, access);
    const batch = this.append(conversationId, { type: 'member', data: { userId, action: 'removed' } });
    return { ...batch, recipients: [...batch.recipients, userId] };
  }

  add(conversationId: string, userId: string): Publish & { batchId: string } {
    const access = { ...this.conversations.get(conversationId)! };
    access.members = new Map(access.members).set(userId, { role: 'member', firstSeq: access.lastSeq + 1 });
    access.memberVersion += 1;
    this.conversations.set(conversationId, access);
    return this.append(conversationId, { type: 'member', data: { userId, action: 'added', role: 'member' } });
  }

  mark(batchId: string): void {
    const batch = this.batches.find((b) => b.batchId === batchId);
    if (batch) batch.published = true;
  }

  largeConversationsOf(userId: string): Promise<string[]> {
    return Promise.resolve(
      [...this.conversations.values()].filter((c) => c.routing === 'conversation' && c.members.has(userId)).map((c) => c.id),
    );
  }

  readonly tail: TailStore = {
    readTail: async (sinceXid) => {
      const open = this.batches.find((b) => !b.published)?.xid ?? this.batches.length + 1;
      return { ranges: sinceXid === null ? [] : this.batches.filter((b) => b.xid >= sinceXid), safeXid: open };
    },
    readRanges: async (ranges) => ranges.flatMap((range) => this.#range(range)),
  };

  #range({ batchId, conversationId, fromSeq, toSeq }: BatchRange): EntryRange[] {
    const batch = this.batches.find((b) => b.batchId === batchId);
    const access = this.conversations.get(conversationId);
    if (!batch || !access) return [];
    return [{ conversationId, fromSeq, toSeq, memberVersion: access.memberVersion, routing: access.routing, entries: batch.entries }];
  }

  /** A pod's cache: like operations/membership.ts it may be older than the store. */
  cache(): AccessCache {
    const known = new Map<string, ConversationAccess>();
    const peek: AccessCache['peek'] = (id, atLeast = 0) => {
      const access = known.get(id);
      return access && access.memberVersion >= atLeast ? access : undefined;
    };
    return {
      peek,
      get: async (id, atLeast = 0) => {
        const cached = peek(id, atLeast);
        if (cached) return cached;
        const fresh = this.conversations.get(id);
        if (fresh) known.set(id, fresh);
        return fresh;
      },
    };
  }
}
