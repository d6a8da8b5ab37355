import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Conversation, NotificationSettings } from '@chatcluster/protocol';
import { eventually, runSql } from '@chatcluster/tools/testing';
import { type PushService, startPushService, type TestBrowser } from './_push-service.ts';
import { type Cluster, type Person, startPods } from './_pods.ts';

const env = { FETCH_ALLOWED_NETWORKS: '127.0.0.0/8', NOTIFY_DELAY_SECONDS: '1', VAPID_SUBJECT: 'mailto:ops@example.org' };

async function subscribe(cluster: Cluster, service: PushService, person: Person): Promise<TestBrowser> {
  const browser = service.browser();
  await cluster.ok(person, 'PUT', '/v1/push/subscriptions', browser.subscription);
  return browser;
}

const send = (cluster: Cluster, from: Person, id: string, body: string, more: object = {}) =>
  cluster.ok<{ id: string; seq: number }>(from, 'POST', `/v1/conversations/${id}/messages`, {
    clientMsgId: crypto.randomUUID(),
    body,
    ...more,
  });

const read = (cluster: Cluster, who: Person, id: string, seq: number) => cluster.ok(who, 'POST', `/v1/conversations/${id}/read`, { seq });

/** Everything that was planned has been handed on; what was not wanted is then known not to come. */
async function settled(cluster: Cluster): Promise<void> {
  const count = async (sql: string) => (await runSql<{ n: number }>(cluster.databaseUrl, `select count(*)::int as n from ${sql}`))[0]!.n;
  await eventually(
    async () => {
      if ((await count('batches b, notify_cursor c where b.xid >= c.xid')) > 0) return false;
      await runSql(cluster.databaseUrl, "update notices set due_at = now() where channel = 'push' and lease is null");
      return (await count("notices where channel = 'push'")) + (await count("jobs where kind = 'push'")) === 0;
    },
    { deadlineMs: 60_000, message: 'notices are still on their way' },
  );
}

it('pushes an encrypted message to every device of who is away, to nobody else, and once', async () => {
  await using service = await startPushService();
  await using cluster = await startPods(2, env);
  const [ann, bob, cid] = [await cluster.register('Ann'), await cluster.register('Bob'), await cluster.register('Cid')];
  const devices = [await subscribe(cluster, service, bob), await subscribe(cluster, service, bob)];
  const [mine, stranger] = [await subscribe(cluster, service, ann), await subscribe(cluster, service, cid)];
  const group = await cluster.group([ann, bob], { title: 'Garden' });
  const { id, seq } = await send(cluster, ann, group.id, 'The roses are out 🌹');
  for (const device of devices) {
    const push = await device.next();
    assert.deepEqual(push.payload, {
      type: 'message',
      conversationId: group.id,
      messageId: id,
      seq,
      kind: 'group',
      unread: 1,
      mentioned: false,
      title: 'Garden',
      actorName: 'Ann',
      body: 'The roses are out 🌹',
    });
    assert.equal(push.subject, 'mailto:ops@example.org');
    assert.equal(push.headers.topic, group.id.replaceAll('-', ''));
    assert.equal(push.headers.urgency, 'normal');
  }
  await settled(cluster);
  assert.deepEqual(
    [...devices, mine, stranger].map((b) => b.requests),
    [1, 1, 0, 0],
  );
  assert.deepEqual(service.faults, []);
});

it('says how many messages wait, and nothing of what they say where previews are off', async () => {
  await using service = await startPushService();
  await using cluster = await startPods(1, env);
  const [ann, bob] = [await cluster.register('Ann'), await cluster.register('Bob')];
  const device = await subscribe(cluster, service, bob);
  await cluster.ok(bob, 'PATCH', '/v1/users/me/notifications', { previews: false });
  const direct = await cluster.ok<Conversation>(ann, 'POST', '/v1/conversations', { kind: 'direct', memberIds: [bob.id] });
  for (const body of ['one', 'two', 'x'.repeat(8_000)]) await send(cluster, ann, direct.id, body);
  const { payload, headers } = await device.next((push) => push.payload.unread === 3);
  assert.deepEqual([payload.actorName, payload.body, payload.kind, headers.urgency], ['Ann', undefined, 'direct', 'high']);
  assert.deepEqual(service.faults, []);
});

it('leaves alone who reads it at once, does not want it, or has blocked the author', async () => {
  await using service = await startPushService();
  // The time in which somebody may read it ends when the test says so, in `settled`.
  await using cluster = await startPods(2, { ...env, NOTIFY_DELAY_SECONDS: '3600' });
  const people = await Promise.all(['Ann', 'Reader', 'Dnd', 'Muted', 'Mentions', 'Blocker', 'Quiet'].map((name) => cluster.register(name)));
  const [ann, reader, dnd, muted, mentions, blocker, quiet] = people as [Person, Person, Person, Person, Person, Person, Person];
  const devices = await Promise.all(people.map((person) => subscribe(cluster, service, person)));
  const group = await cluster.group(people);
  const readerSocket = await cluster.connect(reader, 1);
  const dndSocket = await cluster.connect(dnd, 0);
  await dndSocket.call('presence:set', { status: 'dnd' });
  await cluster.ok(muted, 'PATCH', `/v1/conversations/${group.id}/me`, { level: 'none' });
  await cluster.ok(mentions, 'PATCH', `/v1/conversations/${group.id}/me`, { level: 'mentions' });
  await cluster.ok(blocker, 'PUT', `/v1/users/me/blocks/${ann.id}`);
  const until = new Date(Date.now() + 3_600_000).toISOString();
  await cluster.ok(quiet, 'PATCH', '/v1/users/me/notifications', { quietUntil: until });
  const { seq } = await send(cluster, ann, group.id, 'hello');
  await readerSocket.reached(group.id, seq);
  await readerSocket.call('receipt', { conversationId: group.id, read: seq });
  await settled(cluster);
  assert.deepEqual(
    devices.map((device) => device.requests),
    [0, 0, 0, 0, 0, 0, 0],
  );

  await send(cluster, ann, group.id, 'you!', { mentions: [mentions.id, muted.id] });
  await settled(cluster);
  const { payload } = await devices[4]!.next();
  assert.deepEqual([payload.mentioned, payload.unread, payload.body], [true, 2, 'you!']);
  // Online, but this time nobody reads it.
  await devices[1]!.next((push) => push.payload.body === 'you!');
  assert.deepEqual(
    devices.map((device) => device.requests),
    [0, 1, 0, 0, 1, 0, 0],
  );
});

it('forgets a device that is gone, repeats what failed, and sends nothing to a device that signed out', async () => {
  await using service = await startPushService();
  await using cluster = await startPods(1, env);
  const [ann, bob] = [await cluster.register('Ann'), await cluster.register('Bob')];
  const login = { email: (bob.user as { email: string }).email, password: 'correct horse', tokens: 'body' };
  const phone = await cluster.ok<Person>(null, 'POST', '/v1/auth/login', login);
  const [gone, flaky, signedOut] = [
    await subscribe(cluster, service, bob),
    await subscribe(cluster, service, bob),
    await subscribe(cluster, service, phone),
  ];
  gone.answers.push(410);
  flaky.answers.push(503, 429);
  await cluster.ok(phone, 'POST', '/v1/auth/logout');
  const group = await cluster.group([ann, bob]);
  const { seq } = await send(cluster, ann, group.id, 'first');
  await flaky.next();
  assert.equal(flaky.requests, 3);
  await settled(cluster);
  await read(cluster, bob, group.id, seq);
  await send(cluster, ann, group.id, 'second');
  await flaky.next((push) => push.payload.body === 'second');
  await settled(cluster);
  assert.deepEqual([gone.requests, flaky.requests, signedOut.requests], [1, 4, 0]);
});

it('goes on where it stopped: what was sent while no worker ran is told by the next one', async () => {
  await using service = await startPushService();
  await using cluster = await startPods(1, { ...env, ROLE: 'api' });
  // Postgres has its tables only through a pod that may migrate; the template of the tests has them.
  const [ann, bob] = [await cluster.register('Ann'), await cluster.register('Bob')];
  const device = await subscribe(cluster, service, bob);
  const group = await cluster.group([ann, bob]);
  await send(cluster, ann, group.id, 'while nobody worked');
  assert.equal(device.requests, 0);
  await cluster.addPod({ ROLE: 'worker' });
  await cluster.addPod({ ROLE: 'worker' });
  await device.next((push) => push.payload.body === 'while nobody worked');
  await settled(cluster);
  assert.equal(device.requests, 1);
});

it('keeps one key pair for all pods, takes only real subscriptions, and never posts to a private address', async () => {
  await using service = await startPushService();
  await using cluster = await startPods(2, { VAPID_SUBJECT: 'mailto:ops@example.org' });
  const [ann, bob] = [await cluster.register('Ann'), await cluster.register('Bob')];
  const keys = await Promise.all([0, 1, 0, 1].map((pod) => cluster.ok<{ key: string }>(ann, 'GET', '/v1/push/key', undefined, pod)));
  assert.equal(new Set(keys.map((k) => k.key)).size, 1);
  assert.equal(Buffer.from(keys[0]!.key, 'base64url').length, 65);
  const good = service.browser();
  const put = (subscription: unknown) => cluster.rest(bob, 'PUT', '/v1/push/subscriptions', subscription);
  assert.equal((await put(good.subscription)).status, 422, 'http');
  const endpoint = good.subscription.endpoint.replace('http:', 'https:');
  assert.equal((await put({ endpoint, keys: { p256dh: 'AAAA', auth: good.subscription.keys.auth } })).status, 422);
  assert.equal((await put({ endpoint, keys: { p256dh: good.subscription.keys.p256dh, auth: 'AAAA' } })).status, 422);
  assert.equal((await put({ endpoint: 'javascript:alert(1)', keys: good.subscription.keys })).status, 422);
  assert.equal((await put({ ...good.subscription, endpoint })).status, 204);
  const group = await cluster.group([ann, bob]);
  await send(cluster, ann, group.id, 'hello');
  await eventually(async () => (await runSql(cluster.databaseUrl, 'select 1 from push_subscriptions')).length === 0, {
    deadlineMs: 60_000,
  });
  assert.equal(good.requests, 0);
});

it('keeps the settings of quiet hours and says what is wrong with them', async () => {
  await using cluster = await startPods(1);
  const ann = await cluster.register('Ann');
  const load = () => cluster.ok<NotificationSettings>(ann, 'GET', '/v1/users/me/notifications');
  const patch = (body: object) => cluster.rest<NotificationSettings>(ann, 'PATCH', '/v1/users/me/notifications', body);
  assert.deepEqual(await load(), { quietHours: null, quietUntil: null, mail: true, previews: true });
  const quietHours = { from: '22:00', to: '07:05', timeZone: 'Europe/Berlin' };
  assert.deepEqual((await patch({ quietHours })).body, { quietHours, quietUntil: null, mail: true, previews: true });
  assert.deepEqual((await patch({ mail: false })).body.quietHours, quietHours);
  assert.equal((await patch({ quietUntil: '2020-01-01T00:00:00.000Z' })).body.quietUntil, null, 'is over already');
  assert.equal((await patch({ quietHours: null })).body.quietHours, null);
  assert.equal((await load()).mail, false);
  for (const bad of [
    { from: '24:00', to: '07:00', timeZone: 'UTC' },
    { from: '7:00', to: '08:00', timeZone: 'UTC' },
  ]) {
    assert.equal((await patch({ quietHours: bad })).status, 422);
  }
  assert.equal((await patch({ quietHours: { ...quietHours, timeZone: 'Moon/Base' } })).status, 422);
});
