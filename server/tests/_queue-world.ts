import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import type { Ack, AuthResult, Conversation, EventInput, SendResult } from '@chatcluster/protocol';
import { eventually } from '@chatcluster/tools/testing';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { Cluster } from './_cluster.ts';
import type { Pod } from './_pod-process.ts';
import { TestSocket } from './_pods.ts';

type Guest = { id: string; accessToken: string };
type Send = EventInput<'message:send'>;

const STORED_MS = 20_000;
const PREFIX = 'chat:';

/** Ada owns a group with Bob; one socket of each on each pod, opened again when it was lost. */
export class QueueWorld implements Disposable {
  ada!: Guest;
  bob!: Guest;
  conversationId = '';
  readonly #cluster: Cluster;
  readonly #redis: Redis;
  readonly #sockets = new Map<string, TestSocket>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#redis = new Redis(cluster.redis.url, { maxRetriesPerRequest: null });
    this.#redis.on('error', () => undefined);
  }

  async open(): Promise<this> {
    this.ada = await this.guest();
    this.bob = await this.guest();
    const group = { kind: 'group', title: 'Queue', memberIds: [this.bob.id] };
    this.conversationId = (await this.request<Conversation>('POST', '/v1/conversations', this.ada, group)).id;
    for (const pod of this.#cluster.pods.keys()) await this.socket(this.bob, pod);
    // A pod queues only for conversations whose members it knows.
    await this.direct();
    return this;
  }

  async request<T>(method: string, path: string, who?: Guest, body?: object): Promise<T> {
    const response = await fetch(`${this.#cluster.pods[0]!.url}${path}`, {
      method,
      headers: { 'content-type': 'application/json', ...(who && { authorization: `Bearer ${who.accessToken}` }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  async guest(): Promise<Guest> {
    const { user, accessToken } = await this.request<AuthResult>('POST', '/v1/auth/guest', undefined, { tokens: 'body' });
    return { id: user.id, accessToken };
  }

  add = (guest: Guest) => this.request('POST', `/v1/conversations/${this.conversationId}/members`, this.ada, { userIds: [guest.id] });
  remove = (guest: Guest) =>
    eventually(async () => {
      await this.request('DELETE', `/v1/conversations/${this.conversationId}/members/${guest.id}`, this.ada);
      return true;
    });

  async socket(person: Guest, pod: number): Promise<TestSocket> {
    const key = `${person.id} ${pod}`;
    const known = this.#sockets.get(key);
    if (known && known.closeReason === undefined) return known;
    return eventually(async () => {
      const fresh = new TestSocket(this.#cluster.pods[pod]!.url, { auth: { token: person.accessToken } });
      this.#sockets.get(key)?.[Symbol.dispose]();
      this.#sockets.set(key, fresh);
      await fresh.next('session:ready', () => true, 2_000);
      return fresh;
    });
  }

  payload(body: string): Send {
    return { conversationId: this.conversationId, clientMsgId: randomUUID(), body };
  }

  /** One try. */
  async trySend(pod: number, payload = this.payload('hello'), who = this.ada): Promise<Ack<SendResult>> {
    return (await this.socket(who, pod)).emit<SendResult>('message:send', payload);
  }

  /** Until it is taken; a refusal must say that another try is worth it. */
  async take(pod: number, payload: Send, who = this.ada): Promise<SendResult> {
    return eventually(
      async () => {
        const ack = await this.trySend(pod, payload, who).catch(() => undefined);
        if (ack && !ack.ok) assert.ok(ack.error.retryable, JSON.stringify(ack.error));
        return ack?.ok && ack.data;
      },
      { deadlineMs: 20_000, message: 'a send was never taken' },
    );
  }

  send(pod: number): Promise<SendResult> {
    return this.take(pod, this.payload('hello'));
  }

  /** Without waiting for answers; all of them must be taken. */
  async sendAtOnce(count: number): Promise<SendResult[]> {
    const socket = await this.socket(this.ada, 0);
    const sends = Array.from({ length: count }, (_, i) => socket.call('message:send', this.payload(`message ${i}`)));
    return Promise.all(sends);
  }

  async #allAnswer(fits: (answer: Ack<SendResult>) => boolean, message: string): Promise<void> {
    const ask = async (pod: number) => fits(await this.trySend(pod));
    await eventually(async () => (await Promise.all([...this.#cluster.pods.keys()].map(ask))).every(Boolean), {
      deadlineMs: 30_000,
      message,
    });
  }

  /** Every pod that runs queues. */
  async queueing(): Promise<void> {
    await this.#allAnswer((answer) => answer.ok && answer.data.status === 'queued', 'not every pod queues');
  }

  /** Every pod knows that Postgres is away. */
  async away(): Promise<void> {
    const knows = async ({ adminUrl }: Pod) => (await (await fetch(`${adminUrl}/metrics`)).text()).includes('chat_postgres_reachable 0');
    await eventually(async () => (await Promise.all(this.#cluster.pods.map(knows))).every(Boolean), { message: 'not every pod knows' });
  }

  /** Every pod stores at once. */
  async direct(): Promise<void> {
    await this.#allAnswer((answer) => answer.ok && answer.data.status === 'stored', 'not every pod stores');
  }

  queued(): Promise<number> {
    return this.#redis.xlen(`${PREFIX}ingest:queue`);
  }

  /** The pod that drains, as soon as it has begun and before it has ended. */
  async drainer(of: number): Promise<string> {
    await eventually(async () => (await this.queued()) < of, { deadlineMs: STORED_MS });
    return (await this.#redis.get(`${PREFIX}ingest:lock`)) ?? '';
  }

  /** Nobody drains while `work` runs. */
  async withoutDraining(work: () => Promise<void>): Promise<void> {
    await this.#redis.set(`${PREFIX}ingest:lock`, 'the test', 'PX', 60_000);
    await work();
    await this.#redis.del(`${PREFIX}ingest:lock`);
  }

  async rows(): Promise<{ id: string; seq: number }[]> {
    const client = new Client({ connectionString: this.#cluster.postgres.url });
    await client.connect();
    try {
      const sql = 'select id, seq::int from entries where conversation_id = $1 order by seq';
      return (await client.query<{ id: string; seq: number }>(sql, [this.conversationId])).rows;
    } finally {
      await client.end();
    }
  }

  /** These are stored in this order, once, under numbers without holes; Bob has each of them, in that order. */
  async assertStored(sent: { id: string }[]): Promise<void> {
    const ids = sent.map(({ id }) => id);
    const wanted = new Set(ids);
    const chosen = (entries: { id: string }[]) => entries.map(({ id }) => id).filter((id) => wanted.has(id));
    const deadlineMs = STORED_MS;
    await eventually(async () => chosen(await this.rows()).length >= wanted.size, { deadlineMs, message: 'not everything was stored' });
    const rows = await this.rows();
    assert.deepEqual(chosen(rows), ids);
    assert.deepEqual(
      rows.map(({ seq }) => seq),
      rows.map((_, i) => i + 1),
    );
    const bobs = [...this.#sockets].filter(([key, { closeReason }]) => key.startsWith(this.bob.id) && closeReason === undefined);
    for (const [key, bob] of bobs) {
      const got = () =>
        chosen([...new Map(bob.entries(this.conversationId).map((entry) => [entry.seq, entry])).values()].sort((a, b) => a.seq - b.seq));
      const message = () => `Bob on ${key.split(' ')[1]} got ${got().length} of ${ids.length}`;
      await eventually(() => got().length >= wanted.size, { deadlineMs: 30_000 }).catch(() => assert.fail(message()));
      assert.deepEqual(got(), ids);
    }
  }

  [Symbol.dispose](): void {
    this.#redis.disconnect();
    for (const each of this.#sockets.values()) each[Symbol.dispose]();
  }
}
