import type { ChangesPage, Conversation, Entry, Note, SessionReady, SyncPage } from '@chatcluster/protocol';
import { defaultLimits } from '@chatcluster/protocol/limits';
import { createClient } from './client.ts';
import { createFakeScheduler, settle } from './fake-scheduler.ts';
import { createMemoryServer, type MemoryCall, type MemoryConnection } from './memory-transport.ts';
import type { ClientOptions } from './types.ts';

export const ME = 'me';
export const ready = (epoch = 1): SessionReady => ({
  userId: ME,
  sessionId: 's',
  podId: 'pod-1',
  version: '1',
  epoch,
  serverTime: '',
  expiresAt: '',
  limits: defaultLimits,
});
export const message = (seq: number, actorId = 'bob', clientMsgId?: string, mentions: string[] = []): Entry => ({
  seq,
  type: 'message',
  id: `m${seq}`,
  at: new Date(seq).toISOString(),
  actorId,
  data: { body: `body ${seq}`, mentions },
  ...(clientMsgId ? { clientMsgId } : {}),
});

export const note = (seq: number, actorId = 'bob'): Note => ({
  seq,
  type: 'member',
  id: `n${seq}`,
  at: new Date(seq).toISOString(),
  actorId,
  data: { userId: 'eve', action: 'added', role: 'member' },
});

export function conversation(lastSeq: number, more: Partial<Conversation> = {}): Conversation {
  const member = (userId: string) => ({ userId, role: 'member' as const, joinedAt: '', deliveredSeq: 0, readSeq: 0 });
  return {
    id: 'c',
    kind: 'group',
    createdAt: '2030-01-01T00:00:00.000Z',
    lastSeq,
    history: 'all',
    memberCount: 2,
    members: [member(ME), member('bob')],
    me: { role: 'member', firstSeq: 1, readSeq: lastSeq, deliveredSeq: lastSeq, unread: 0, mentions: 0, level: 'all' },
    ...more,
  };
}

/** A client and a server in memory that answers from `entries` of one conversation. */
export function createWorld(options: Partial<ClientOptions> = {}) {
  const clock = createFakeScheduler();
  const world = {
    clock,
    entries: [] as Entry[],
    conversation: conversation(0),
    /** All that `changes` lists. @default the one */
    conversations: (): Conversation[] => [{ ...world.conversation, lastSeq: world.entries.length }],
    epoch: 1,
    refreshes: 0,
    /** Lifetime of access tokens, seconds. */
    expiresIn: 900,
    /** Takes a call over; false lets the world answer. */
    intercept: (_call: MemoryCall, _connection: MemoryConnection): boolean => false,
    fetchStatus: 200,
  };
  const changes = (): ChangesPage => ({
    conversations: world.conversations(),
    removed: [],
    next: 't',
    more: false,
  });
  const sync = (cursors: Record<string, number>): SyncPage => {
    const missed = Object.entries(cursors).map(([id, seq]) => [id, world.entries.slice(seq, seq + 2)] as const);
    return {
      entries: Object.fromEntries(missed),
      limited: {},
      reset: [],
      more: Object.values(cursors).some((seq) => seq + 2 < world.entries.length),
    };
  };
  const server = createMemoryServer({
    onConnect: (connection) => connection.emit('session:ready', ready(world.epoch)),
    onCall(call, connection) {
      if (world.intercept(call, connection)) return;
      if (call.event === 'changes') call.answer(changes());
      else if (call.event === 'sync') call.answer(sync(call.payload['cursors'] as Record<string, number>));
      else if (call.event === 'history') call.answer({ messages: [], hasBefore: false, hasAfter: false });
      else if (call.event === 'message:send') {
        const entry = message(world.entries.length + 1, ME, String(call.payload['clientMsgId']));
        world.entries.push(entry);
        call.answer({ status: 'stored', id: entry.id, seq: entry.seq, at: entry.at });
        connection.emit('entries', { conversationId: 'c', entries: [entry] });
      } else call.answer({});
    },
  });
  let ids = 0;
  const client = createClient({
    url: 'http://test',
    tokens: 'body',
    transport: server.transport,
    scheduler: clock,
    random: () => 0.5,
    newId: () => `id-${(ids += 1)}`,
    checkEveryMs: 0,
    fetch: async (input) => {
      if (String(input).endsWith('/refresh')) world.refreshes += 1;
      if (world.fetchStatus !== 200) return new Response(JSON.stringify({ code: 'unauthenticated' }), { status: world.fetchStatus });
      const user = { id: ME, displayName: 'Me', guest: false, emailVerified: true, admin: false };
      return new Response(
        JSON.stringify({ user, accessToken: `token-${world.refreshes}`, expiresIn: world.expiresIn, sessionId: 's', refreshToken: 'r' }),
      );
    },
    ...options,
  });
  const start = async () => {
    await client.guest();
    client.start();
    await settle();
  };
  const last = () => server.connections.at(-1) as MemoryConnection;
  const bodies = () => client.conversation('c').messages.map((m) => m.seq);
  return Object.assign(world, { server, client, start, last, bodies });
}
