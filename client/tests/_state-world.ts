import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { AuthResult, Conversation, Message } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import { eventually } from '@chatcluster/tools/testing';
import { createClient, type ChatClient } from '../src/index.ts';
import { createNodeStore } from '../src/local/node-store.ts';

/** A generator of random numbers that a seed repeats (mulberry32). */
export function createRandom(seed: number) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    next,
    below: (n: number) => Math.floor(next() * n),
    pick: <T>(items: readonly T[]): T | undefined => items[Math.floor(next() * items.length)],
    is: (probability: number) => next() < probability,
  };
}
export type Random = ReturnType<typeof createRandom>;

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly token: string;
}

/** One of a person's devices: an SDK client over a store of its own. */
export interface Device {
  readonly person: Person;
  readonly label: string;
  client: ChatClient;
  isUp: boolean;
  /** What it was asked to load and to keep up to date. */
  readonly opened: Set<string>;
  up(): void;
  down(): void;
  /** The app starts again; `wiped`: on a device that knows nothing. */
  restart(wiped: boolean): Promise<void>;
  close(): Promise<void>;
}

export async function signUp(url: string, name: string, isGuest: boolean): Promise<Person> {
  const account = { email: `${crypto.randomUUID()}@example.org`, password: 'correct horse battery' };
  const response = await fetch(`${url}/v1/auth/${isGuest ? 'guest' : 'register'}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ displayName: name, tokens: 'body', ...(isGuest ? {} : account) }),
  });
  const { user, accessToken } = (await response.json()) as AuthResult & { user: { id: string } };
  return { id: user.id, name, token: accessToken };
}

/** False: a busy machine did not answer in time. */
async function signIn(client: ChatClient, { token }: Person): Promise<boolean> {
  return client.useToken(token).then(
    () => true,
    () => false,
  );
}

export async function createDevice(url: string, dir: string, person: Person, label: string): Promise<Device> {
  const path = join(dir, `${person.id}-${label}.sqlite`);
  let store = await createNodeStore(path);
  const opened = new Set<string>();
  const make = () => {
    const client = createClient({ url, store, checkEveryMs: 0 });
    const isIn = (id: string) => client.conversations().some((conversation) => conversation.id === id);
    // Whoever leaves a conversation and comes back opens it again.
    client.on('conversation:removed', ({ conversationId }) => opened.delete(conversationId));
    client.subscribe(() => {
      for (const id of opened) if (!isIn(id)) opened.delete(id);
    });
    return client;
  };
  const device: Device = {
    person,
    label: `${person.name}${label}`,
    client: make(),
    isUp: false,
    opened,
    up() {
      device.isUp = true;
      device.client.start();
    },
    down() {
      device.isUp = false;
      device.client.stop();
    },
    async restart(wiped) {
      await device.close();
      if (wiped) rmSync(path, { force: true });
      store = await createNodeStore(path);
      device.client = make();
      device.opened.clear();
      await eventually(() => signIn(device.client, person), { message: 'signed in again', deadlineMs: 60_000 });
      if (device.isUp) device.client.start();
    },
    async close() {
      await device.client[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
  await eventually(() => signIn(device.client, person), { message: 'signed in', deadlineMs: 60_000 });
  device.up();
  return device;
}

/** What somebody at this device sees. `whole`: everything is opened first. */
export interface Sight {
  list: unknown[];
  opened: Record<string, unknown>;
}

const shown = ({ clientMsgId: _id, ...message }: Message & { clientMsgId?: string }) => message;

/** Positions of other people are kept up to date where somebody looks. */
function summary({ members, lastMessage, ...conversation }: Conversation, withPositions: boolean): unknown {
  const people = members?.map(({ deliveredSeq, readSeq, ...member }) => (withPositions ? { ...member, deliveredSeq, readSeq } : member));
  const { asOf: _asOf, version: _version, deliveredSeq, ...own } = conversation.me;
  const me = withPositions ? { ...own, deliveredSeq } : own;
  const byId = (a: { userId: string }, b: { userId: string }) => (a.userId < b.userId ? -1 : 1);
  return { ...conversation, me, members: people?.toSorted(byId), lastMessage: lastMessage && shown(lastMessage) };
}

export function lookAt(client: ChatClient, opened: ReadonlySet<string>): Sight {
  const conversations = client.conversations();
  const details = conversations
    .filter(({ id }) => opened.has(id))
    .map(({ id }) => {
      const { messages, hasAfter, unread, mentions, readSeq, pending } = client.conversation(id);
      const unsent = pending.filter(({ state }) => state !== 'failed'); // Those stay for whoever wrote them.
      const pins = client.panels.pins(id).messages.map((message) => message.id);
      const threads = messages.flatMap((message) => {
        const count = client.threads.unread(id, message.id);
        return count > 0 ? [[message.seq, count]] : [];
      });
      return [id, { messages: messages.map(shown), hasAfter, unread, mentions, readSeq, unsent, pins, threads }] as const;
    });
  return { list: conversations.map((c) => summary(c, opened.has(c.id))), opened: Object.fromEntries(details) };
}

export async function openAll(client: ChatClient, ids: Iterable<string>): Promise<void> {
  for (const id of ids) {
    if (!client.conversations().some((c) => c.id === id)) continue;
    await Promise.all([client.open(id), client.panels.openPins(id)]).catch(passOver);
  }
}

/** What somebody sees who has just installed the app. */
export async function lookFresh(url: string, person: Person, opened: ReadonlySet<string>): Promise<Sight> {
  await using client = createClient({ url, checkEveryMs: 0 });
  await eventually(() => signIn(client, person), { message: 'signed in', deadlineMs: 60_000 });
  client.start();
  await eventually(() => client.connection().state === 'live', { message: 'live', deadlineMs: 60_000 });
  await openAll(client, opened);
  return lookAt(client, opened);
}

/** Refusals are part of the game: others act at the same time. */
export function passOver(error: unknown): void {
  if (!(error instanceof ChatError) || error.code === 'internal') throw error;
}
