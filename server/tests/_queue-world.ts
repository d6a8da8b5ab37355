import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Ack, AuthResult, Conversation, Entry, SendResult, WireError } from '@chatcluster/protocol';
import { eventually } from '@chatcluster/tools/testing';
import { Client } from 'pg';
import type { Cluster } from './_cluster.ts';
import { TestSocket } from './_pods.ts';

type Guest = { id: string; accessToken: string };

/** Ada and Bob share a group over all pods: one socket of each person on each pod. */
export interface QueueWorld extends Disposable {
  readonly ada: Guest;
  readonly bob: Guest;
  readonly conversationId: string;
  /** Ada's next message through this pod, repeated until it is taken. */
  send(pod: number, conversationId?: string): Promise<SendResult & { body: string }>;
  /** One try. */
  trySend(pod: number, more?: object): Promise<Ack<SendResult>>;
  socket(person: Guest, pod: number): Promise<TestSocket>;
  /** Resolves when sends are queued, and not refused any more. */
  queueing(): Promise<void>;
  post<T>(path: string, body: object, who?: Guest): Promise<T>;
  request(method: string, path: string, who: Guest, body?: object): Promise<Response>;
  rows(conversationId?: string): Promise<{ id: string; seq: number; body: string | null }[]>;
  /** These are stored in this order and once; Bob got each once, in that order. */
  assertStored(sent: { id: string }[]): Promise<void>;
}

const STORED_MS = 15_000;

export async function createQueueWorld(cluster: Cluster): Promise<QueueWorld> {
  const sockets: TestSocket[] = [];
  const live = new Map<string, TestSocket>();
  let number = 0;

  async function request(method: string, path: string, who: Guest | undefined, body?: object): Promise<Response> {
    return fetch(`${cluster.pods[0]!.url}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(who && { authorization: `Bearer ${who.accessToken}` }) },
      ...(body && { body: JSON.stringify(body) }),
    });
  }
  async function post<T>(path: string, body: object, who?: Guest): Promise<T> {
    const response = await request('POST', path, who, body);
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return (await response.json()) as T;
  }
  async function guest(): Promise<Guest> {
    const { user, accessToken } = await post<AuthResult>('/v1/auth/guest', { tokens: 'body' });
    return { id: user.id, accessToken };
  }

  async function socket(person: Guest, pod: number): Promise<TestSocket> {
    const key = `${person.id} ${pod}`;
    const known = live.get(key);
    if (known?.closeReason === undefined && known !== undefined) return known;
    return eventually(async () => {
      const fresh = new TestSocket(cluster.pods[pod % cluster.pods.length]!.url, { auth: { token: person.accessToken } });
      sockets.push(fresh);
      await fresh.next('session:ready', () => true, 2_000);
      live.set(key, fresh);
      return fresh;
    });
  }

  const ada = await guest();
  const bob = await guest();
  const group = await post<Conversation>('/v1/conversations', { kind: 'group', title: 'Queue', memberIds: [bob.id] }, ada);

  async function trySend(pod: number, more: object = {}): Promise<Ack<SendResult>> {
    const from = await socket(ada, pod % cluster.pods.length);
    return from.emit<SendResult>('message:send', { conversationId: group.id, clientMsgId: randomUUID(), body: 'hello', ...more });
  }

  async function send(pod: number, conversationId = group.id): Promise<SendResult & { body: string }> {
    const payload = { conversationId, clientMsgId: randomUUID(), body: `message ${(number += 1)}` };
    const data = await eventually(
      async () => {
        const ack = await trySend(pod, payload).catch(() => undefined);
        if (ack && !ack.ok) assert.ok(ack.error.retryable, JSON.stringify(ack.error));
        return ack?.ok && ack.data;
      },
      { deadlineMs: 20_000, message: 'a send was never taken' },
    );
    return { ...data, body: payload.body };
  }

  async function rows(conversationId = group.id) {
    const client = new Client({ connectionString: cluster.postgres.url });
    await client.connect();
    try {
      const found = await client.query<{ id: string; seq: number; body: string | null }>(
        `select id, seq::int, data ->> 'body' as body from entries where conversation_id = $1 order by seq`,
        [conversationId],
      );
      return found.rows;
    } finally {
      await client.end();
    }
  }

  async function assertStored(sent: { id: string }[]): Promise<void> {
    const ids = sent.map(({ id }) => id);
    const wanted = new Set(ids);
    const chosen = (entries: { id: string }[]) => entries.map(({ id }) => id).filter((id) => wanted.has(id));
    await eventually(async () => chosen(await rows()).length >= wanted.size, { deadlineMs: STORED_MS, message: 'not everything was stored' });
    assert.deepEqual(chosen(await rows()), ids);
    const seqs = (await rows()).map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      seqs.map((_, i) => i + 1),
    );
    const bobs = await Promise.all(cluster.pods.map((_, pod) => socket(bob, pod)));
    for (const each of bobs) {
      const got = () => chosen(distinct(each.entries(group.id)));
      await eventually(() => got().length >= 1, { deadlineMs: 5_000, message: 'Bob got nothing' }).catch(() => undefined);
    }
    const { entries } = await bobs[0]!.call('sync', { cursors: { [group.id]: 0 } });
    assert.deepEqual(chosen(entries[group.id] ?? []), ids);
  }

  // A pod queues only for conversations whose members it knows.
  for (const pod of cluster.pods.keys()) await send(pod);
  return {
    ada,
    bob,
    conversationId: group.id,
    send,
    trySend,
    socket,
    async queueing() {
      await eventually(
        async () => {
          const ack = await trySend(0, { body: 'probe' });
          return ack.ok && ack.data.status === 'queued';
        },
        { deadlineMs: 20_000, message: 'nothing was queued' },
      );
    },
    post,
    request,
    rows,
    assertStored,
    [Symbol.dispose]() {
      for (const each of sockets) each[Symbol.dispose]();
    },
  };
}

/** The client rule drops what came already. */
function distinct(entries: Entry[]): Entry[] {
  return [...new Map(entries.map((entry) => [entry.seq, entry])).values()];
}

export type { WireError };
