import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createFakeSocket, type FakeSocket, OPEN, READY } from './_fake-socket.ts';
import { createTally } from './_tally.ts';
import { backoffMs, Client, type ClientDeps } from './client.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

function create(overrides: Partial<ClientDeps> = {}) {
  const sockets: FakeSocket[] = [];
  const clock = { ms: 0 };
  const offline: number[] = [];
  const moves: number[] = [];
  const { recorder, told } = createTally();
  const client = new Client({
    open() {
      const fake = createFakeSocket();
      sockets.push(fake);
      return fake.socket;
    },
    auth: async () => ({ token: 't' }),
    refresh: async () => 'fresh',
    onEvent: () => undefined,
    onMoved: () => void moves.push(clock.ms),
    onOffline: () => void offline.push(clock.ms),
    recorder,
    ackTimeoutMs: 1_000,
    nowMs: () => clock.ms,
    random: () => 0.5,
    ...overrides,
  });
  async function connect(): Promise<FakeSocket> {
    client.tick(true);
    await settle();
    const fake = sockets.at(-1)!;
    fake.receive(OPEN);
    fake.receive(READY);
    return fake;
  }
  return { client, sockets, clock, offline, moves, told, connect };
}

it('waits longer after every failure, at random, and never less than it was told', () => {
  assert.equal(backoffMs(0, 1), 500);
  assert.equal(backoffMs(3, 0.5), 2_000);
  assert.equal(backoffMs(20, 1), 30_000);
  assert.equal(backoffMs(0, 0, 900), 900);
});

it('is ready with session:ready, and measures the time since it opened', async () => {
  const { client, told, connect, clock } = create();
  client.tick(true);
  await settle();
  assert.equal(client.isReady, false);
  clock.ms = 12;
  await connect();
  assert.equal(client.isReady, true);
  assert.deepEqual(told.connected, [12]);
});

it('comes back after a drop, and measures how long it was away', async () => {
  const { client, sockets, clock, told, connect, offline } = create();
  await connect();
  clock.ms = 1_000;
  client.drop();
  assert.deepEqual([client.isReady, offline], [false, [1_000]]);
  clock.ms = 1_300;
  await connect();
  assert.equal(sockets.length, 2);
  assert.deepEqual(told.reconnected, [300]);
  assert.equal(told.dropped, undefined, 'a drop of its own is no fault of the server');
});

it('backs off when it is refused, for as long as the server says', async () => {
  const { client, sockets, clock, told } = create();
  client.tick(true);
  await settle();
  sockets[0]!.receive('44{"message":"m","data":{"code":"overloaded","message":"m","retryAfterMs":5000}}');
  assert.deepEqual(told.connectFailed, ['refused: overloaded']);
  clock.ms = 4_999;
  client.tick(true);
  await settle();
  assert.equal(sockets.length, 1);
  clock.ms = 5_000;
  client.tick(true);
  await settle();
  assert.equal(sockets.length, 2);
});

it('moves when the server says so and where it says, and counts only the time after the hint', async () => {
  const { client, sockets, clock, connect, moves, told } = create();
  (await connect()).receive('42["server:drain",{"reconnectInMs":700,"reason":"shutdown"}]');
  assert.deepEqual(moves, [0]);
  clock.ms = 699;
  client.tick(true);
  await settle();
  assert.equal(sockets.length, 1);
  clock.ms = 710;
  await connect();
  assert.equal(sockets.length, 2);
  assert.deepEqual([told.reconnected, told.dropped], [[10], undefined]);
});

it('counts a connection that the server closed, and the credentials that could not be had', async () => {
  const { told, connect } = create();
  (await connect()).fire('close');
  assert.deepEqual(told.dropped, ['connection closed']);
  const without = create({ auth: () => Promise.reject(new Error('no ticket')) });
  without.client.tick(true);
  await settle();
  assert.deepEqual(without.told.connectFailed, ['no ticket']);
});

it('gives a fresh token before the old one expires', async () => {
  const { connect, told } = create();
  const fake = await connect();
  fake.receive('42["session:expiring",{"expiresAt":"x"}]');
  await settle();
  assert.equal(fake.sent.at(-1), '421["auth:refresh",{"token":"fresh"}]');
  fake.receive('431[{"ok":true,"data":{}}]');
  assert.equal(told.refreshed?.length, 1);
});

it('does not hand a token to a connection that ended or is not the same any more', async () => {
  const { connect, client, told } = create();
  const fake = await connect();
  fake.receive('42["session:expiring",{"expiresAt":"x"}]');
  client.drop();
  const next = await connect();
  assert.deepEqual([fake.sent.length, next.sent.length, told.refused], [1, 1, undefined]);
});

it('asks for a fresh token before it connects again when the old one is over, or could not be renewed', async () => {
  const tokens: string[] = [];
  const { client, sockets, connect, clock } = create({ refresh: async () => `${tokens.push('fresh')}` });
  client.tick(true);
  await settle();
  sockets[0]!.receive('44{"message":"m","data":{"code":"token_expired","message":"m"}}');
  clock.ms = 1_000;
  await connect();
  assert.equal(tokens.length, 1);
  client.drop();
  await connect();
  assert.equal(tokens.length, 1, 'a good one is kept');

  let isAway = true;
  const other = create({ refresh: () => (isAway ? Promise.reject(new Error('away')) : Promise.resolve(`${tokens.push('later')}`)) });
  (await other.connect()).receive('42["session:expiring",{"expiresAt":"x"}]');
  await settle();
  isAway = false;
  other.client.drop();
  await other.connect();
  assert.deepEqual(tokens, ['fresh', 'later']);
});

it('leaves when it is not wanted any more', async () => {
  const { client, connect } = create();
  const fake = await connect();
  client.tick(false);
  assert.deepEqual([client.isReady, fake.closes()], [false, 1]);
});
