import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { it } from 'node:test';
import type { AdminConversation, AdminStats, AdminUser, AuditEntry, Report } from '@chatcluster/protocol';
import { eventually } from '@chatcluster/tools/testing';
import { type Cluster, type Person, startPods } from './_pods.ts';
import { makeAdmin } from './_sql.ts';

type List<T> = { items: T[]; nextCursor: string | null };

async function admin(cluster: Cluster): Promise<Person> {
  const person = await cluster.register('Admin');
  await makeAdmin(cluster.databaseUrl, person.id);
  return person;
}

it('shows the administration to administrators only', async () => {
  await using cluster = await startPods(1);
  const person = await cluster.register();
  for (const path of ['users', 'conversations', 'reports', 'audit', 'stats']) {
    assert.equal((await cluster.rest(null, 'GET', `/v1/admin/${path}`)).status, 401, path);
    assert.equal((await cluster.rest(person, 'GET', `/v1/admin/${path}`)).status, 403, path);
  }
  assert.equal((await cluster.rest(person, 'PATCH', `/v1/admin/users/${person.id}`, { admin: true })).status, 403);
  assert.equal((await cluster.rest(person, 'DELETE', `/v1/admin/conversations/${randomUUID()}/messages/${randomUUID()}`)).status, 403);
});

it('suspends a person: sockets end on every pod, tokens and passwords work no more, until it is taken back', async () => {
  await using cluster = await startPods(2);
  const boss = await admin(cluster);
  const eve = await cluster.register('Eve');
  const socket = await cluster.connect(eve, 1);
  const before = await cluster.ok<AdminUser>(boss, 'PATCH', `/v1/admin/users/${eve.id}`, { suspended: true, reason: 'spam' });
  assert.ok(before.suspendedAt);
  assert.equal((await socket.next('session:ended')).code, 'revoked');
  await eventually(async () => (await cluster.rest(eve, 'GET', '/v1/users/me', undefined, 1)).status === 401);
  const login = { email: (eve.user as { email: string }).email, password: 'correct horse', tokens: 'body' };
  assert.equal((await cluster.rest(null, 'POST', '/v1/auth/login', login)).status, 403);
  assert.equal((await cluster.rest(null, 'POST', '/v1/auth/refresh', { refreshToken: eve.refreshToken })).status, 401);
  const found = await cluster.ok<List<AdminUser>>(boss, 'GET', '/v1/admin/users?suspended=true');
  assert.deepEqual(
    found.items.map((u) => [u.id, u.sessions]),
    [[eve.id, 0]],
  );

  await cluster.ok(boss, 'PATCH', `/v1/admin/users/${eve.id}`, { suspended: false });
  assert.equal((await cluster.rest(null, 'POST', '/v1/auth/login', login)).status, 200);
  const audit = await cluster.ok<List<AuditEntry>>(boss, 'GET', `/v1/admin/audit?targetId=${eve.id}`);
  assert.deepEqual(
    audit.items.map((a) => [a.actorId, a.action, a.details]),
    [
      [boss.id, 'user.unsuspended', {}],
      [boss.id, 'user.suspended', { reason: 'spam' }],
    ],
  );
  assert.equal((await cluster.rest(boss, 'PATCH', `/v1/admin/users/${boss.id}`, { suspended: true })).status, 403);
});

it('takes reports of messages that the reporter may read, once while they are open, and closes them', async () => {
  await using cluster = await startPods(1);
  const boss = await admin(cluster);
  const [ann, eve, cid] = (await cluster.guests(3)) as [Person, Person, Person];
  const group = await cluster.group([ann, eve]);
  const eveSocket = await cluster.connect(eve);
  const { id: messageId } = await eveSocket.send(group.id, 'buy my coins');
  const report = { messageId, reason: 'spam' };
  const first = await cluster.rest<{ id: string }>(ann, 'POST', '/v1/reports', report);
  const again = await cluster.rest<{ id: string }>(ann, 'POST', '/v1/reports', { ...report, conversationId: group.id });
  assert.deepEqual([first.status, again.status, again.body.id], [201, 200, first.body.id]);
  assert.equal((await cluster.rest(cid, 'POST', '/v1/reports', report)).status, 404);
  assert.equal((await cluster.rest(eve, 'POST', '/v1/reports', report)).status, 422);
  assert.equal((await cluster.rest(ann, 'POST', '/v1/reports', { reason: 'spam' })).status, 422);
  assert.equal((await cluster.rest(ann, 'POST', '/v1/reports', { userId: eve.id, reason: 'rude' })).status, 201);

  await eveSocket.call('message:delete', { conversationId: group.id, messageId, clientMsgId: randomUUID() });
  const open = await cluster.ok<List<Report>>(boss, 'GET', '/v1/admin/reports?status=open');
  assert.deepEqual(
    open.items.map((r) => [r.reporterId, r.userId, r.body]),
    [
      [ann.id, eve.id, undefined],
      [ann.id, eve.id, 'buy my coins'],
    ],
  );
  const closed = await cluster.ok<Report>(boss, 'PATCH', `/v1/admin/reports/${first.body.id}`, { status: 'resolved', note: 'warned' });
  assert.deepEqual([closed.status, closed.resolvedBy, closed.note], ['resolved', boss.id, 'warned']);
  assert.equal((await cluster.ok<List<Report>>(boss, 'GET', '/v1/admin/reports?status=open')).items.length, 1);
  assert.equal((await cluster.rest(boss, 'PATCH', `/v1/admin/reports/${randomUUID()}`, { status: 'resolved' })).status, 404);
});

it('refuses more than twenty reports of one person within an hour', async () => {
  await using cluster = await startPods(1);
  const [ann, ...others] = (await cluster.guests(22)) as [Person, ...Person[]];
  const statuses: number[] = [];
  for (const other of others) statuses.push((await cluster.rest(ann, 'POST', '/v1/reports', { userId: other.id, reason: 'rude' })).status);
  assert.deepEqual(statuses, [...Array<number>(20).fill(201), 429]);
});

it('removes a message and archives a conversation without being a member; the members see it live', async () => {
  await using cluster = await startPods(2);
  const boss = await admin(cluster);
  const [ann, eve] = (await cluster.guests(2)) as [Person, Person];
  const group = await cluster.group([ann, eve], { title: 'Market' });
  const annSocket = await cluster.connect(ann, 1);
  const eveSocket = await cluster.connect(eve, 0);
  const { id: messageId, seq } = await eveSocket.send(group.id, 'buy my coins');
  assert.equal((await cluster.rest(boss, 'DELETE', `/v1/admin/conversations/${group.id}/messages/${messageId}`)).status, 204);
  assert.equal((await annSocket.reached(group.id, seq! + 1)).type, 'delete');
  assert.equal((await cluster.rest(boss, 'DELETE', `/v1/admin/conversations/${group.id}/messages/${randomUUID()}`)).status, 404);

  assert.equal((await cluster.rest(boss, 'PATCH', `/v1/admin/conversations/${group.id}`, { archived: true })).status, 204);
  assert.equal((await annSocket.reached(group.id, seq! + 2)).type, 'conversation');
  const late = { conversationId: group.id, clientMsgId: randomUUID(), body: 'late' };
  assert.equal((await eveSocket.refused('message:send', late)).code, 'forbidden');
  const listed = await cluster.ok<List<AdminConversation>>(boss, 'GET', '/v1/admin/conversations?q=mark');
  assert.deepEqual(
    listed.items.map((c) => [c.id, c.archived, c.memberCount]),
    [[group.id, true, 2]],
  );
  const audit = await cluster.ok<List<AuditEntry>>(boss, 'GET', `/v1/admin/audit?actorId=${boss.id}&limit=1`);
  assert.equal(audit.items[0]?.action, 'conversation.archived');
  const next = await cluster.ok<List<AuditEntry>>(boss, 'GET', `/v1/admin/audit?actorId=${boss.id}&limit=1&cursor=${audit.nextCursor}`);
  assert.equal(next.items[0]?.action, 'message.removed');
});

it('logs passwords, sessions, roles and deletions that people change themselves', async () => {
  await using cluster = await startPods(1);
  const boss = await admin(cluster);
  const ann = await cluster.register('Ann');
  const eve = await cluster.guest('Eve');
  const group = await cluster.group([ann, eve]);
  await cluster.ok(ann, 'PATCH', `/v1/conversations/${group.id}/members/${eve.id}`, { role: 'admin' });
  await cluster.ok(ann, 'DELETE', `/v1/conversations/${group.id}/members/${eve.id}`);
  await cluster.ok(ann, 'DELETE', `/v1/conversations/${group.id}`);
  await cluster.ok(ann, 'POST', '/v1/auth/password/change', { currentPassword: 'correct horse', newPassword: 'battery staple' });
  await cluster.ok(ann, 'DELETE', `/v1/auth/sessions/${ann.sessionId}`);
  const { items } = await cluster.ok<List<AuditEntry>>(boss, 'GET', `/v1/admin/audit?actorId=${ann.id}`);
  assert.deepEqual(
    items.map((a) => a.action),
    ['session.ended', 'user.password_changed', 'conversation.deleted', 'conversation.member_removed', 'conversation.role_set'],
  );
  assert.deepEqual(items.at(-1)?.details, { userId: eve.id, role: 'admin' });
  assert.ok(items[1]?.address);
});

it('lists people page by page and finds them by name or address', async () => {
  await using cluster = await startPods(1);
  const boss = await admin(cluster);
  const people = [await cluster.register('Zoe Alpha'), await cluster.register('Zoe Beta'), await cluster.register('Zoe 100%')];
  const seen: string[] = [];
  let cursor: string | null = '';
  while (cursor !== null) {
    const page: List<AdminUser> = await cluster.ok(boss, 'GET', `/v1/admin/users?q=zoe&limit=2${cursor && `&cursor=${cursor}`}`);
    seen.push(...page.items.map((u) => u.id));
    cursor = page.nextCursor;
  }
  assert.deepEqual(seen.sort(), people.map((p) => p.id).sort());
  const byMark = await cluster.ok<List<AdminUser>>(boss, 'GET', `/v1/admin/users?q=${encodeURIComponent('100%')}`);
  assert.deepEqual(
    byMark.items.map((u) => u.id),
    [people[2]!.id],
  );
  for (const bad of ['cursor=x', 'limit=0', 'suspended=maybe']) {
    assert.equal((await cluster.rest(boss, 'GET', `/v1/admin/users?${bad}`)).status, 422, bad);
  }
});

it('shows every pod of the cluster with its load', async () => {
  await using cluster = await startPods(2);
  const boss = await admin(cluster);
  const socket = await cluster.connect(boss, 0);
  const group = await cluster.group([boss]);
  const stats = await eventually(
    async () => {
      // Again and again: the rate is that of the last seconds only.
      await socket.send(group.id, 'one more');
      const now = await cluster.ok<AdminStats>(boss, 'GET', '/v1/admin/stats', undefined, 1);
      const busy = now.pods.find((p) => p.podId === cluster.pods[0]!.id);
      return now.pods.length === 2 && busy?.connections === 1 && busy.messagesPerSecond > 0 ? now : undefined;
    },
    { deadlineMs: 20_000 },
  );
  assert.equal(stats.users, 1);
  assert.ok(stats.pods.every((p) => p.role === 'all' && p.postgres && p.heapUsedRatio > 0));
});
