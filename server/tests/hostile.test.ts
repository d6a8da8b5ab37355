import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, it } from 'node:test';
import { WebSocket } from 'ws';
import type { Conversation } from '@chatcluster/protocol';
import { errorCatalogue } from '@chatcluster/protocol/errors';
import { eventSchemas } from '@chatcluster/protocol/socket-schemas';
import { eventually } from '@chatcluster/tools/testing';
import { connectError, startPods, type Cluster, type Person, type TestSocket } from './_pods.ts';

const deep = JSON.parse(`${'['.repeat(1_000)}${']'.repeat(1_000)}`) as unknown;
const id = randomUUID();
/** A payload with a foreign key of every dangerous name, as JSON gives it. */
const poisoned = JSON.parse(
  '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"conversationId":{"__proto__":1}}',
) as unknown;

/** What no event takes. Sentence → payload. */
const nonsense: Record<string, unknown> = {
  null: null,
  'a number': 7,
  'a string': 'x',
  true: true,
  'an empty array': [],
  'an array': [1, 2, {}],
  'a deeply nested array': deep,
  'deep nesting in a field': { conversationId: deep, cursors: deep, userIds: deep, token: deep, status: deep, since: deep },
  'keys of the prototype': poisoned,
  binary: Buffer.from('binary'),
  'binary in fields': {
    conversationId: Buffer.from('x'),
    cursors: Buffer.from('x'),
    userIds: Buffer.from('x'),
    token: Buffer.from('x'),
    status: Buffer.from('x'),
    since: Buffer.from('x'),
  },
  'fields of wrong types': {
    conversationId: 1,
    messageId: {},
    clientMsgId: [],
    body: 5,
    emoji: 5,
    on: 'yes',
    since: 5,
    limit: '5',
    cursors: 'x',
    delivered: 'x',
    read: -1,
    status: 'gone',
    userIds: 'x',
    token: 5,
  },
  'ids that are none': {
    conversationId: 'x',
    messageId: 'x',
    clientMsgId: 'x',
    body: 'x',
    emoji: 'x',
    on: true,
    since: '',
    cursors: { x: 1 },
    userIds: ['x'],
    status: 'x',
    token: '',
  },
};
/** `{}` is right for these, and every field is unknown. */
const takesAnything = new Set(['match:join', 'match:leave']);

describe('malformed input', () => {
  let cluster: Cluster;
  let people: Person[];
  let group: Conversation;
  let bystander: TestSocket;

  before(async () => {
    cluster = await startPods(1);
    people = await cluster.guests(2);
    group = await cluster.group(people);
    bystander = await cluster.connect(people[1]!);
  });
  after(() => cluster?.[Symbol.asyncDispose]());

  const isUntouched = async () => {
    await bystander.send(group.id, 'still here');
    assert.equal(bystander.closeReason, undefined);
  };

  for (const event of Object.keys(eventSchemas)) {
    it(`${event} answers errors of the catalogue and leaves the socket open`, async () => {
      using socket = await cluster.connect(people[0]!);
      for (const [what, payload] of Object.entries(nonsense)) {
        const ack = await socket.emit(event, payload);
        if (ack.ok) {
          // Unknown fields are ignored: nonsense of objects is an empty object to an event without required fields.
          assert.ok(
            (event === 'changes' || takesAnything.has(event)) && typeof payload === 'object' && !Array.isArray(payload),
            `${event} took ${what}`,
          );
          continue;
        }
        const { code } = ack.error;
        assert.ok(code in errorCatalogue && code !== 'internal', `${event} with ${what}: ${code}`);
        assert.ok(code === 'invalid' && Array.isArray(ack.error.details), `${event} with ${what}: ${code}`);
      }
      assert.equal((await socket.refused(event, { body: 'x'.repeat(70_000) })).code, 'too_large');
      if (!takesAnything.has(event)) assert.equal((await socket.refused(event)).code, 'invalid');
      socket.socket.emit(event, {});
      socket.socket.emit(event);
      await socket.call('changes', {});
      assert.equal(socket.closeReason, undefined);
      await isUntouched();
    });
  }

  it('in texts and numbers is refused with its path', async () => {
    using socket = await cluster.connect(people[0]!);
    const send = { conversationId: group.id, clientMsgId: id, body: 'x' };
    const target = { conversationId: group.id, messageId: id, clientMsgId: id };
    const cases: [string, object, string][] = [
      ['message:send', { ...send, body: 'a\u0000b' }, 'body'],
      ['message:send', { ...send, body: '\ud800' }, 'body'],
      ['message:edit', { ...target, body: '\udc00x' }, 'body'],
      ['reaction:set', { ...target, emoji: '\u0000', on: true }, 'emoji'],
      ['reaction:set', { ...target, emoji: 'a b', on: true }, 'emoji'],
      ['reaction:set', { ...target, emoji: '', on: true }, 'emoji'],
      ['message:send', { ...send, mentions: Array(101).fill(id) }, 'mentions'],
      ['presence:watch', { userIds: Array(501).fill(id) }, 'userIds'],
      ['sync', { cursors: Object.fromEntries(Array.from({ length: 201 }, () => [randomUUID(), 1])) }, 'cursors'],
      ['sync', { cursors: { [group.id]: 1.5 } }, `cursors.${group.id}`],
      ['sync', { cursors: { [group.id]: -1 } }, `cursors.${group.id}`],
      ['history', { conversationId: group.id, before: Number.NaN }, 'before'],
      ['history', { conversationId: group.id, before: 1, after: 1 }, ''],
      ['history', { conversationId: group.id, limit: 101 }, 'limit'],
      ['history', { conversationId: group.id, limit: 0 }, 'limit'],
      ['changes', { limit: 201 }, 'limit'],
      ['receipt', { conversationId: group.id, read: 2 ** 53 }, 'read'],
    ];
    for (const [event, payload, path] of cases) {
      const { code, details } = await socket.refused(event, payload);
      assert.equal(code, 'invalid', `${event} ${path}`);
      assert.equal((details as { path: string }[])[0]!.path, path);
    }
    await isUntouched();
  });

  it('in the shape of unknown events is answered, whatever their name', async () => {
    using socket = await cluster.connect(people[0]!);
    for (const name of ['nope', '', 'toString', '__proto__', 'constructor', 'x'.repeat(1_000), 'message', 'error', 'session:ready']) {
      assert.equal((await socket.refused(name, {})).code, 'unknown_event', name);
    }
    assert.equal((await socket.refused('nope', 'x'.repeat(70_000))).code, 'too_large');
    assert.equal((await socket.refused('changes', Buffer.alloc(70_000))).code, 'invalid');
    await isUntouched();
  });

  it('a hundred and fifty times ends the socket as abuse, and only that one', async () => {
    using socket = await cluster.connect(people[0]!);
    for (let i = 0; i < 150; i += 1) socket.socket.emit(['history', 'nope', 'sync'][i % 3]!, { cursors: i }, () => undefined);
    assert.deepEqual({ ...(await socket.next('session:ended')), message: '' }, { code: 'abuse', message: '', reconnect: false });
    await socket.closed();
    await isUntouched();
  });

  async function raw(): Promise<{ ws: WebSocket; received: string[] }> {
    const ws = new WebSocket(`${cluster.pod(0).url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    const received: string[] = [];
    ws.on('message', (data) => void received.push(String(data)));
    ws.on('error', () => undefined);
    await once(ws, 'open');
    ws.send(`40${JSON.stringify({ token: people[0]!.accessToken })}`);
    await eventually(() => received.some((text) => text.includes('session:ready')));
    return { ws, received };
  }

  const garbage: Record<string, string | Buffer> = {
    'no Engine.IO type': 'zzz',
    'an empty frame': '',
    'an unknown Socket.IO type': '49',
    'broken JSON': '42["message:send",{',
    'no array': '42{"a":1}',
    'a reserved event': '42["disconnect"]',
    'an event without a name': '42[]',
    'a name that is an object': '42[{}]',
    'binary without its packet': Buffer.from('zzz'),
    'a binary event with a million attachments': '451000000-["x",{"_placeholder":true,"num":0}]',
    'a placeholder out of range': '451-1["changes",{"_placeholder":true,"num":99}]',
    'a frame above 1 MiB': `42["changes",${JSON.stringify('x'.repeat(1_100_000))}]`,
    'a huge ack id': `42${'9'.repeat(400)}["changes",{}]`,
    'a second CONNECT': '40{"token":"x"}',
    'an ack nobody asked for': '43123[]',
    'another namespace': '40/admin,{"token":"x"}',
    'a connect error from the client': '44{"message":"x"}',
    'text that is no UTF-8': Buffer.from([0x34, 0x32, 0x5b, 0x22, 0xff, 0xc3, 0x28, 0x22, 0x5d]),
  };
  for (const [what, frame] of Object.entries(garbage)) {
    it(`as ${what} hurts that socket at most`, async () => {
      const { ws } = await raw();
      ws.send(frame, { binary: Buffer.isBuffer(frame) && what !== 'text that is no UTF-8' });
      ws.send('4212["changes",{}]');
      const isDone = () => ws.readyState === WebSocket.CLOSED;
      let isAnswered = false;
      ws.on('message', (data) => (isAnswered ||= String(data).startsWith('4312') || String(data).startsWith('44')));
      await eventually(() => isDone() || isAnswered, { message: 'neither answered nor closed' });
      ws.terminate();
      await isUntouched();
    });
  }

  it('as a number for a name, and numbers JSON cannot hold, are answered', async () => {
    const { ws, received } = await raw();
    ws.send('421[7,{}]');
    ws.send(`422["history",{"conversationId":"${group.id}","before":1e400}]`);
    ws.send(`423["changes",${'['.repeat(20_000)}${']'.repeat(20_000)}]`);
    const answer = (ack: number) => eventually(() => received.find((text) => text.startsWith(`43${ack}[`)));
    assert.match(await answer(1), /"unknown_event"/);
    assert.match(await answer(2), /"invalid"/);
    assert.match(await answer(3), /"invalid"/);
    ws.terminate();
    await isUntouched();
  });

  it('before CONNECT gets no answer and no session', async () => {
    const ws = new WebSocket(`${cluster.pod(0).url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    ws.on('error', () => undefined);
    await once(ws, 'open');
    ws.send('421["changes",{}]');
    await eventually(() => ws.readyState === WebSocket.CLOSED);
    await isUntouched();
  });

  for (const [what, auth, code] of [
    ['no credentials', {}, 'unauthenticated'],
    ['a token that is none', { token: 'x' }, 'unauthenticated'],
    ['a token of the wrong type', { token: { a: 1 } }, 'invalid'],
    ['another protocol', { protocol: 2 }, 'unsupported_protocol'],
    ['a spent ticket', { ticket: 'x' }, 'unauthenticated'],
    ['a huge token', { token: 'x'.repeat(9_000) }, 'invalid'],
  ] as const) {
    it(`at CONNECT, ${what}, is refused with ${code}`, async () => {
      using socket = cluster.open(0, { auth });
      const { data } = await connectError(socket);
      assert.equal(data?.code, code);
      assert.equal(data.retryable, false);
    });
  }
});
