import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Bot, User } from '@chatcluster/protocol';
import { type Cluster, connectError, type Person, startPods } from './_pods.ts';

type NewBot = Bot & { token: string };

describe('bots', () => {
  let cluster: Cluster;
  let admin: Person;

  before(async () => {
    cluster = await startPods(2);
    admin = await cluster.register('Admin');
    await cluster.sql('update users set admin = true where id = $1', [admin.id]);
  });
  after(() => cluster?.[Symbol.asyncDispose]());

  const make = (displayName: string) => cluster.ok<NewBot>(admin, 'POST', '/v1/admin/bots', { displayName });
  const as = (token: string) => ({ accessToken: token });

  it('work with their token over REST and sockets, on every pod', async () => {
    const bot = await make('Weather');
    assert.equal(bot.user.bot, 'bot');
    const me = await cluster.ok<User>(as(bot.token), 'GET', '/v1/users/me', undefined, 1);
    assert.deepEqual([me.id, me.displayName], [bot.user.id, 'Weather']);
    const group = await cluster.group([admin]);
    await cluster.ok(admin, 'POST', `/v1/conversations/${group.id}/members`, { userIds: [bot.user.id] });
    using listening = await cluster.connect(admin, 0);
    using socket = await cluster.connect(as(bot.token), 1);
    const sent = await socket.send(group.id, 'rain in the afternoon');
    await listening.reached(group.id, sent.seq!);
    const { items } = await cluster.ok<{ items: Bot[] }>(admin, 'GET', '/v1/admin/bots');
    assert.ok(items.find(({ user }) => user.id === bot.user.id)?.lastUsedAt);
    assert.doesNotMatch(JSON.stringify(items), /token/);
  });

  it('are locked out with the old token when they get another', async () => {
    const bot = await make('Rotating');
    using socket = await cluster.connect(as(bot.token), 1);
    const renewed = await cluster.ok<{ token: string }>(admin, 'POST', `/v1/admin/bots/${bot.user.id}/token`);
    await socket.next('session:ended', ({ code }) => code === 'revoked');
    for (const pod of [0, 1]) {
      assert.equal((await cluster.rest(as(bot.token), 'GET', '/v1/users/me', undefined, pod)).status, 401);
      assert.equal((await cluster.rest(as(renewed.token), 'GET', '/v1/users/me', undefined, pod)).status, 200);
    }
  });

  it('are gone when they are removed, and a token that nobody gave out is refused', async () => {
    const bot = await make('Leaving');
    const { token } = bot;
    await cluster.ok(admin, 'DELETE', `/v1/admin/bots/${bot.user.id}`);
    const middle = token.length - 10;
    const forged = token.slice(0, middle) + (token[middle] === 'A' ? 'B' : 'A') + token.slice(middle + 1);
    for (const bad of [token, forged, 'bot_', 'bot_AAAA', `bot_${'A'.repeat(5_000)}`]) {
      assert.equal((await cluster.rest(as(bad), 'GET', '/v1/users/me')).status, 401, bad.slice(0, 20));
    }
    const refused = await connectError(cluster.open(0, { auth: { token } }));
    assert.equal(refused.data?.code, 'unauthenticated');
  });

  it('are for administrators only', async () => {
    const bob = await cluster.guest();
    const { user } = await make('Target');
    for (const [method, path, body] of [
      ['POST', '/v1/admin/bots', { displayName: 'Mine' }],
      ['GET', '/v1/admin/bots', undefined],
      ['POST', `/v1/admin/bots/${user.id}/token`, {}],
      ['DELETE', `/v1/admin/bots/${user.id}`, undefined],
    ] as const) {
      assert.equal((await cluster.rest(bob, method, path, body)).status, 403, path);
    }
    // A person is no bot.
    assert.equal((await cluster.rest(admin, 'DELETE', `/v1/admin/bots/${bob.id}`)).status, 404);
  });
});
