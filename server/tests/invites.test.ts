import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';
import type { Conversation, Invite, InvitePreview } from '@chatcluster/protocol';
import { type Cluster, type Person, startPods } from './_pods.ts';

describe('invite links', () => {
  let cluster: Cluster;
  let ada: Person;

  before(async () => {
    cluster = await startPods(2);
    ada = await cluster.guest('Ada');
  });
  after(() => cluster?.[Symbol.asyncDispose]());

  const make = (id: string, body: object = {}) => cluster.ok<Invite>(ada, 'POST', `/v1/conversations/${id}/invites`, body);
  const accept = (who: Person, code: string, pod = 1) => cluster.rest<Conversation>(who, 'POST', `/v1/invites/${code}/accept`, {}, pod);
  const list = async (id: string) => (await cluster.ok<{ items: Invite[] }>(ada, 'GET', `/v1/conversations/${id}/invites`)).items;

  it('let their holder in, on any pod, and everybody is told', async () => {
    const group = await cluster.group([ada], { title: 'Hiking' });
    const [socket, bob] = [await cluster.connect(ada, 0), await cluster.guest('Bob')];
    using mine = await cluster.connect(bob, 1);
    const { code, url, expiresAt } = await make(group.id);
    assert.equal(url, `${cluster.pods[0]!.url}/invite/${code}`);
    assert.ok(Date.parse(expiresAt) > Date.now() + 6 * 86_400_000);
    const preview = await cluster.ok<InvitePreview>(null, 'GET', `/v1/invites/${code}`);
    assert.deepEqual(preview, { kind: 'group', title: 'Hiking', memberCount: 1, invitedBy: 'Ada', expiresAt });
    const joined = await accept(bob, code);
    assert.equal(joined.status, 200);
    assert.equal(joined.body.me.role, 'member');
    await mine.next('conversation:added', ({ conversation }) => conversation.id === group.id);
    await socket.next('entries', ({ entries }) => entries.some((e) => e.type === 'member' && e.data.userId === bob.id));
    // Again: nothing happens, and it costs no use.
    assert.equal((await accept(bob, code)).status, 200);
    assert.equal((await list(group.id))[0]!.uses, 1);
    await socket.send(group.id, 'welcome');
    await mine.next('entries', ({ entries }) => entries.some((e) => e.type === 'message'));
  });

  it('are good for as many as were allowed, however many come at once', async () => {
    const group = await cluster.group([ada]);
    const { code } = await make(group.id, { maxUses: 2 });
    const people = await cluster.guests(5);
    const answers = await Promise.all(people.map((person, i) => accept(person, code, i)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 404, 404, 404]);
    assert.equal((await cluster.ok<Conversation>(ada, 'GET', `/v1/conversations/${group.id}`)).memberCount, 3);
    assert.deepEqual(await list(group.id), []);
  });

  it('end when they are revoked, when they expire, and with the conversation', async () => {
    const [group, gone, archived] = [await cluster.group([ada]), await cluster.group([ada]), await cluster.group([ada])];
    const [revoked, late, lost, closed] = [await make(group.id), await make(group.id), await make(gone.id), await make(archived.id)];
    await cluster.ok(ada, 'DELETE', `/v1/conversations/${group.id}/invites/${revoked.code}`);
    await cluster.ok(ada, 'DELETE', `/v1/conversations/${gone.id}`);
    await cluster.ok(ada, 'PATCH', `/v1/conversations/${archived.id}`, { archived: true });
    await cluster.sql("update invites set expires_at = now() - interval '1 s' where code = $1", [late.code]);
    const bob = await cluster.guest();
    for (const { code } of [revoked, late, lost]) {
      assert.equal((await accept(bob, code)).status, 404);
      assert.equal((await cluster.rest(null, 'GET', `/v1/invites/${code}`)).status, 404);
    }
    assert.equal((await accept(bob, closed.code)).status, 403);
    assert.deepEqual(await list(group.id), []);
  });

  it('are made, seen and revoked by owners and admins only', async () => {
    const [bob, eve] = (await cluster.guests(2)) as [Person, Person];
    const group = await cluster.group([ada, bob]);
    const direct = await cluster.ok<Conversation>(ada, 'POST', '/v1/conversations', { kind: 'direct', memberIds: [bob.id] });
    const { code } = await make(group.id);
    const path = `/v1/conversations/${group.id}/invites`;
    for (const [who, status] of [
      [bob, 403],
      [eve, 404],
    ] as const) {
      assert.equal((await cluster.rest(who, 'POST', path, {})).status, status);
      assert.equal((await cluster.rest(who, 'GET', path)).status, status);
      assert.equal((await cluster.rest(who, 'DELETE', `${path}/${code}`)).status, status);
    }
    assert.equal((await cluster.rest(ada, 'POST', `/v1/conversations/${direct.id}/invites`, {})).status, 403);
    assert.equal((await cluster.rest(null, 'POST', `/v1/invites/${code}/accept`, {})).status, 401);
    assert.equal((await accept(eve, 'nonsense')).status, 404);
    assert.equal((await accept(eve, 'x'.repeat(200))).status, 422);
    for (const bad of [{ expiresIn: 0 }, { expiresIn: 1e9 }, { maxUses: 0 }, { maxUses: 'many' }]) {
      assert.equal((await cluster.rest(ada, 'POST', path, bad)).status, 422);
    }
  });

  it('are made once for one clientId', async () => {
    const group = await cluster.group([ada]);
    const clientId = randomUUID();
    const made = await Promise.all([0, 1, 2].map(() => make(group.id, { clientId })));
    assert.equal(new Set(made.map(({ code }) => code)).size, 1);
    assert.equal((await list(group.id)).length, 1);
  });
});
