import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import type { Conversation, Entry, Message } from '@chatcluster/protocol';
import { eventually } from '@chatcluster/tools/testing';
import { download, testStores, type TestStore, upload } from './_files.ts';
import { type Cluster, type Person, startPods } from './_pods.ts';

const DEADLINE = { deadlineMs: 30_000 };

let store: TestStore;
let cluster: Cluster;
before(async () => {
  store = await testStores.volume();
  cluster = await startPods(1, store.env);
});
after(async () => {
  await cluster[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
});

const say = (to: Cluster, who: Person, conversationId: string, body: string, attachments: string[] = []) =>
  to.ok<{ id: string; seq: number }>(who, 'POST', `/v1/conversations/${conversationId}/messages`, {
    clientMsgId: randomUUID(),
    body,
    attachments,
  });

it("the export holds everything that is one's own, and nothing of others", async () => {
  const [ann, bob] = [await cluster.register('Ann'), await cluster.register('Bob')];
  const { id } = await cluster.group([ann, bob], { title: 'Plans' });
  const file = await upload(cluster, ann, { name: 'plan.txt', content: Buffer.from('secret plan') });
  await say(cluster, ann, id, 'mine "quoted"\n', [file.fileId]);
  const gone = await say(cluster, ann, id, 'taken back');
  await cluster.ok(ann, 'DELETE', `/v1/conversations/${id}/messages/${gone.id}`);
  await say(cluster, bob, id, 'not yours');
  const { status, body, headers } = await cluster.rest<{
    profile: { email: string; displayName: string };
    sessions: object[];
    conversations: { id: string; title: string; role: string }[];
    messages: { conversationId: string; body: string; attachments: { name: string }[] }[];
    files: { id: string; name: string }[];
  }>(ann, 'GET', '/v1/users/me/export');
  assert.equal(status, 200);
  assert.match(headers.get('content-disposition') ?? '', /^attachment; filename="chat-export-.*\.json"/);
  assert.equal(body.profile.displayName, 'Ann');
  assert.match(body.profile.email, /@example\.org$/);
  assert.equal(body.sessions.length, 1);
  assert.deepEqual(
    body.conversations.map(({ title, role }) => [title, role]),
    [['Plans', 'owner']],
  );
  assert.deepEqual(
    body.messages.map((message) => [message.conversationId, message.body, message.attachments[0]?.name]),
    [[id, 'mine "quoted"\n', 'plan.txt']],
  );
  assert.deepEqual(
    body.files.map(({ name }) => name),
    ['plan.txt'],
  );
  assert.equal((await cluster.rest(null, 'GET', '/v1/users/me/export')).status, 401);
});

it('a deleted account is gone everywhere; what it wrote stays without a name', async () => {
  await using keeping = await startPods(2, store.env);
  const [ann, bob] = [await keeping.register('Ann'), await keeping.register('Bob')];
  const { id } = await keeping.group([ann, bob]);
  const direct = await keeping.ok<{ id: string }>(ann, 'POST', '/v1/conversations', { kind: 'direct', memberIds: [bob.id] });
  const file = await upload(keeping, ann, { content: Buffer.from('mine') });
  await say(keeping, ann, id, 'remember me', [file.fileId]);
  const own = await keeping.connect(ann, 1);
  using other = await keeping.connect(bob, 1);
  for (const body of [undefined, {}, { password: 'wrong horse' }]) {
    const refused = await keeping.rest<{ code: string }>(ann, 'DELETE', '/v1/users/me', body);
    assert.deepEqual([refused.status, refused.body.code], [403, 'forbidden']);
  }
  assert.equal((await keeping.rest(ann, 'GET', '/v1/users/me')).status, 200);
  assert.equal((await keeping.rest(ann, 'DELETE', '/v1/users/me', { password: 'correct horse' })).status, 204);

  assert.equal((await own.next('session:ended')).code, 'account_deleted');
  await own.closed();
  await eventually(async () => (await keeping.rest(ann, 'GET', '/v1/users/me', undefined, 1)).status === 401, DEADLINE);
  const login = { email: ann.user.email, password: 'correct horse', tokens: 'body' };
  assert.equal((await keeping.rest(null, 'POST', '/v1/auth/login', login)).status, 401);
  assert.equal((await keeping.rest(null, 'POST', '/v1/auth/refresh', { refreshToken: ann.refreshToken })).status, 401);

  const told = await other.next('profile', ({ user }) => user.id === ann.id, DEADLINE.deadlineMs);
  assert.equal(told.user.displayName, 'Deleted user');
  const left = (entry: Entry) => entry.type === 'member' && entry.data.action === 'left' && entry.data.userId === ann.id;
  await eventually(() => other.entries(id).some(left), DEADLINE);
  const { items } = await keeping.ok<{ items: Message[] }>(bob, 'GET', `/v1/conversations/${id}/messages`);
  assert.deepEqual(
    items.map(({ body, actorId }) => [body, actorId]),
    [['remember me', ann.id]],
  );
  assert.deepEqual(await keeping.ok(bob, 'GET', `/v1/users/${ann.id}`), { id: ann.id, displayName: 'Deleted user', guest: false });
  assert.deepEqual(
    (await keeping.ok<{ items: { userId: string; role: string }[] }>(bob, 'GET', `/v1/conversations/${id}/members`)).items.map(
      ({ userId, role }) => [userId, role],
    ),
    [[bob.id, 'owner']],
  );
  await eventually(() => store.countObjects(file.fileId) === 0, DEADLINE);
  assert.equal((await download(keeping, bob, file.url)).status, 404);
  // For the other one the direct conversation goes on to have a name.
  const { members } = await keeping.ok<Conversation>(bob, 'GET', `/v1/conversations/${direct.id}`);
  assert.deepEqual(new Set(members?.map(({ userId }) => userId)), new Set([ann.id, bob.id]));
  // The address is free for somebody else.
  assert.equal((await keeping.rest(null, 'POST', '/v1/auth/register', { ...login, displayName: 'Anna' })).status, 201);
});

it('where only Postgres tells of a deleted account, its sockets are told that it was deleted', async () => {
  const ann = await cluster.register('Ann');
  const socket = await cluster.connect(ann);
  await cluster.sql('update users set deleted_at = now() where id = $1', [ann.id]);
  await cluster.sql('update sessions set revoked_at = now() where user_id = $1', [ann.id]);
  assert.equal((await socket.next('session:ended')).code, 'account_deleted');
  await socket.closed();
  // Nor is a deleted account said to have been seen when they close.
  await delay(1_500);
  assert.deepEqual(await cluster.sql('select last_seen_at from users where id = $1', [ann.id]), [{ last_seen_at: null }]);
});

it('by policy the messages go as well, also from where one has left', async () => {
  await using removing = await startPods(1, { DELETED_USER_MESSAGES: 'remove' });
  const [ann, bob] = [await removing.register('Ann'), await removing.register('Bob')];
  const { id } = await removing.group([bob, ann]);
  const gone = (await removing.group([bob, ann])).id;
  await say(removing, ann, id, 'one');
  await say(removing, ann, gone, 'two');
  await say(removing, bob, id, 'stays');
  await removing.ok(ann, 'POST', `/v1/conversations/${gone}/leave`);
  await removing.ok(ann, 'DELETE', '/v1/users/me', { password: 'correct horse' });
  const bodies = async (conversationId: string) =>
    (await removing.ok<{ items: Message[] }>(bob, 'GET', `/v1/conversations/${conversationId}/messages`)).items.map(({ body }) => body);
  await eventually(async () => (await bodies(id)).join() === ',stays' && (await bodies(gone)).join() === '', DEADLINE);
});

it('without a password a recent sign-in is asked for, and nothing of a guest', async () => {
  await using own = await startPods(1);
  const [ann, guest] = [await own.register('Ann'), await own.ok<Person>(null, 'POST', '/v1/auth/guest', { tokens: 'body' })];
  // As somebody who signs in at a provider.
  await own.sql('update users set password_hash = null where id = $1', [ann.id]);
  const age = (minutes: number) =>
    own.sql("update sessions set created_at = now() - $1 * interval '1 minute', last_used_at = now()", [minutes]);
  await age(11);
  const refused = await own.rest<{ code: string; details: object }>(ann, 'DELETE', '/v1/users/me', { password: 'correct horse' });
  assert.deepEqual([refused.status, refused.body.code, refused.body.details], [403, 'forbidden', { reason: 'sign_in_again' }]);
  assert.equal((await own.rest(guest, 'DELETE', '/v1/users/me')).status, 204);
  await age(9);
  assert.equal((await own.rest(ann, 'DELETE', '/v1/users/me')).status, 204);
});
