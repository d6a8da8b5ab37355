import type { AuthResult, Conversation } from '@chatcluster/protocol';
import { eventually } from '@chatcluster/tools/testing';
import { Client } from 'pg';
import type { Cluster } from './_cluster.ts';
import type { Acknowledged, MemberLog, StoredEntry } from './_oracle.ts';
import { Person } from './_person.ts';

const receiversPerSender = 4;
const receiversPerGroup = 8;
const sendersPerGroup = 2;
/** Between an acknowledgement and the sender's next message. */
const pauseMs = { least: 80, most: 240 };
/** Of those who are flooded while they do not read; the last of the receivers. */
const floodedCount = 5;
/** The longest message in the widest characters: 32,000 bytes. */
const floodBody = '🌊'.repeat(8_000);
/** The rest goes to the sender's direct conversation. */
const share = { everybody: 0.02, group: 0.2 };

interface Sender {
  person: Person;
  direct: string;
  group: string;
}

/** People, conversations and a load of their own over a running cluster. */
export interface World extends Disposable {
  readonly people: Person[];
  readonly acknowledged: Acknowledged[];
  start(): void;
  /** Every other sender sends no more: a loss at the end of a conversation then stays, as no later number shows the gap. */
  quieten(): void;
  /** No new sends; resolves when the open ones are stored or queued. */
  stop(): Promise<void>;
  /** True when everything that was acknowledged as queued has its number from Postgres. */
  findQueued(): Promise<boolean>;
  /** One sender fills a group of their own with the largest messages until told to stop. */
  readonly flooded: readonly Person[];
  flood(signal: AbortSignal): Promise<void>;
  memberLogs(): MemberLog[];
  /** Everybody is connected and has what was acknowledged. */
  isSettled(): boolean;
  loadStored(): Promise<Map<string, StoredEntry[]>>;
}

async function post<T>(url: string, body: object, token?: string): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

interface Guest {
  userId: string;
  token: string;
}

async function createGuests(urls: string[], count: number): Promise<Guest[]> {
  const guests: Guest[] = [];
  let next = 0;
  const work = async () => {
    for (let i = next++; i < count; i = next++) {
      const { user, accessToken } = await post<AuthResult>(`${urls[i % urls.length]}/v1/auth/guest`, { tokens: 'body' });
      guests.push({ userId: user.id, token: accessToken });
    }
  };
  await Promise.all(Array.from({ length: 12 }, work));
  return guests;
}

async function createConversation(url: string, creator: Guest, input: object): Promise<string> {
  return (await post<Conversation>(`${url}/v1/conversations`, input, creator.token)).id;
}

/** Senders 2g and 2g + 1 share group g with eight receivers; each has a direct conversation with one receiver. */
async function createConversations(urls: string[], senders: Guest[], receivers: Guest[]) {
  const url = (i: number) => urls[i % urls.length] ?? '';
  const [first] = senders;
  if (!first) throw new Error('no senders');
  const everybody = await createConversation(url(0), first, {
    kind: 'group',
    title: 'Everybody',
    memberIds: [...senders, ...receivers].map(({ userId }) => userId),
  });
  const direct = await Promise.all(
    senders.map((sender, i) =>
      createConversation(url(i), sender, { kind: 'direct', memberIds: [receivers[i * receiversPerSender]?.userId] }),
    ),
  );
  const groups = await Promise.all(
    Array.from({ length: senders.length / sendersPerGroup }, (_, g) => {
      const members = [...senders.slice(g * 2, g * 2 + 2), ...receivers.slice(g * receiversPerGroup, (g + 1) * receiversPerGroup)];
      const [creator = first] = members;
      return createConversation(url(g), creator, { kind: 'group', title: `Group ${g}`, memberIds: members.map(({ userId }) => userId) });
    }),
  );
  const flood = await createConversation(url(0), first, {
    kind: 'group',
    title: 'Flood',
    memberIds: receivers.slice(-floodedCount).map(({ userId }) => userId),
  });
  return { everybody, direct, groups, flood };
}

async function loadStored(url: string, conversationIds: string[]): Promise<Map<string, StoredEntry[]>> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<StoredEntry & { conversationId: string }>(
      `select conversation_id as "conversationId", seq::int, id, actor_id as "actorId", client_msg_id as "clientMsgId"
       from entries where conversation_id = any ($1::uuid[]) order by conversation_id, seq`,
      [conversationIds],
    );
    return Map.groupBy(rows, (row) => row.conversationId);
  } finally {
    await client.end();
  }
}

export async function createWorld(cluster: Cluster, senderCount: number): Promise<World> {
  const urls = cluster.pods.map((pod) => pod.url);
  const guests = await createGuests(urls, senderCount * (1 + receiversPerSender));
  const conversations = await createConversations(urls, guests.slice(0, senderCount), guests.slice(senderCount));
  const people = guests.map((guest) => new Person({ ...guest, podUrls: () => cluster.pods.map((pod) => pod.url) }));
  const ids = [conversations.everybody, conversations.flood, ...conversations.direct, ...conversations.groups];
  const senders: Sender[] = people.slice(0, senderCount).map((person, i) => ({
    person,
    direct: conversations.direct[i] ?? '',
    group: conversations.groups[Math.floor(i / sendersPerGroup)] ?? '',
  }));
  const acknowledged: Acknowledged[] = [];
  const lastSeqs = new Map<string, number>();
  const stopping = new AbortController();
  const quiet = new AbortController();
  const signals = [stopping.signal, AbortSignal.any([stopping.signal, quiet.signal])];
  let running: Promise<unknown> = Promise.resolve();

  function pick({ direct, group }: Sender): string {
    const dice = Math.random();
    if (dice < share.everybody) return conversations.everybody;
    return dice < share.everybody + share.group ? group : direct;
  }

  /** False when it was told to stop before the message was acknowledged. */
  async function sendOne(person: Person, conversationId: string, body: string): Promise<boolean> {
    const result = await person.send(conversationId, body);
    if (result === undefined) return false;
    const { seq = 0, id } = result;
    acknowledged.push({ conversationId, senderId: person.userId, seq, id, isQueued: seq === 0, atMs: performance.now() });
    lastSeqs.set(conversationId, Math.max(lastSeqs.get(conversationId) ?? 0, seq));
    return true;
  }

  async function flood(signal: AbortSignal): Promise<void> {
    const [first] = people;
    while (first && !signal.aborted && (await sendOne(first, conversations.flood, floodBody)));
  }

  async function keepSending(sender: Sender, signal: AbortSignal): Promise<void> {
    for (let n = 1; !signal.aborted; n += 1) {
      if (!(await sendOne(sender.person, pick(sender), `message ${n}`))) return;
      await new Promise((done) => setTimeout(done, pauseMs.least + Math.random() * (pauseMs.most - pauseMs.least)));
    }
  }

  async function findQueued(): Promise<boolean> {
    const open = acknowledged.filter(({ seq }) => seq === 0);
    if (open.length === 0) return true;
    const stored = await loadStored(cluster.postgres.url, [...new Set(open.map(({ conversationId }) => conversationId))]);
    const seqs = new Map([...stored.values()].flat().map(({ id, seq }) => [id, seq]));
    for (const each of open) {
      each.seq = seqs.get(each.id) ?? 0;
      lastSeqs.set(each.conversationId, Math.max(lastSeqs.get(each.conversationId) ?? 0, each.seq));
    }
    return open.every(({ seq }) => seq > 0);
  }

  for (const person of people) person.connect();
  await eventually(() => people.every((person) => person.isLive && person.reader.logs.size > 0), {
    deadlineMs: 60_000,
    message: 'everybody is connected and knows their conversations',
  });
  return {
    people,
    acknowledged,
    flooded: people.slice(-floodedCount),
    flood,
    start() {
      running = Promise.all(senders.map((sender, i) => keepSending(sender, signals[i % 2] ?? stopping.signal)));
      // Awaited by `stop`; a failure in between must not end the process before that.
      running.catch(() => undefined);
    },
    quieten: () => quiet.abort(),
    async stop() {
      stopping.abort();
      await running;
    },
    findQueued,
    memberLogs: () => people.map(({ userId, connectedAtMs, reader }) => ({ userId, connectedAtMs, logs: reader.logs, wire: reader.wire })),
    isSettled: () =>
      people.every(({ isLive, reader }) => isLive && [...reader.cursors()].every(([id, cursor]) => cursor >= (lastSeqs.get(id) ?? 0))),
    loadStored: () => loadStored(cluster.postgres.url, ids),
    [Symbol.dispose]() {
      stopping.abort();
      for (const person of people) person[Symbol.dispose]();
    },
  };
}
