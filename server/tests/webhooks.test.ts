import assert from 'node:assert/strict';
import { createHmac, randomUUID } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { CreatedWebhook, Entry, Message, SendResult, Webhook, WebhookDelivery } from '@chatcluster/protocol';
import { eventually } from '@chatcluster/tools/testing';
import { type Cluster, type Person, startPods, type TestSocket } from './_pods.ts';

interface Call {
  headers: IncomingHttpHeaders;
  body: { type: string; timestamp: string; data: { conversationId: string; entry: Entry; actorName?: string } };
  raw: string;
}

/** Somebody else's server that webhooks are sent to. */
class Receiver implements AsyncDisposable {
  readonly calls: Call[] = [];
  answer = 200;
  readonly #server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const raw = Buffer.concat(chunks).toString();
      this.calls.push({ headers: req.headers, raw, body: JSON.parse(raw) as Call['body'] });
      res.writeHead(this.answer).end();
    });
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  bodies(): string[] {
    return this.calls.flatMap(({ body }) => (body.data.entry.type === 'message' ? [body.data.entry.data.body] : []));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe('webhooks', () => {
  let cluster: Cluster;
  let ada: Person;
  let socket: TestSocket;

  before(async () => {
    cluster = await startPods(2, { FETCH_ALLOWED_NETWORKS: '127.0.0.1' });
    ada = await cluster.guest('Ada');
    socket = await cluster.connect(ada, 0);
  });
  after(() => cluster?.[Symbol.asyncDispose]());

  const path = (id: string) => `/v1/conversations/${id}/webhooks`;
  const make = (id: string, body: object) => cluster.ok<CreatedWebhook>(ada, 'POST', path(id), body);
  const list = async (id: string) => (await cluster.ok<{ items: Webhook[] }>(ada, 'GET', path(id))).items;
  const deliveries = async (id: string, hook: string) =>
    (await cluster.ok<{ items: WebhookDelivery[] }>(ada, 'GET', `${path(id)}/${hook}/deliveries`)).items;
  /** The next try comes at once, however long the pause would have been. */
  const hurry = () => cluster.sql("update jobs set run_at = now() where kind = 'webhook' and lease is null and failed_at is null");

  it('send what was asked for, signed, once, and nothing from before', async () => {
    await using receiver = new Receiver();
    const url = await receiver.listen();
    const { id } = await cluster.group([ada]);
    await socket.send(id, 'before');
    const hook = await make(id, { url, events: ['message', 'delete'] });
    const sent = await socket.send(id, 'hello');
    await socket.call('message:edit', { conversationId: id, messageId: sent.id, clientMsgId: randomUUID(), body: 'hello again' });
    await socket.call('message:delete', { conversationId: id, messageId: sent.id, clientMsgId: randomUUID() });
    await eventually(() => receiver.calls.length >= 2, { deadlineMs: 30_000 });
    assert.deepEqual(receiver.calls.map(({ body }) => body.type).sort(), ['delete', 'message']);
    for (const { headers, raw, body } of receiver.calls) {
      assert.equal(body.data.conversationId, id);
      assert.equal(body.data.actorName, 'Ada');
      assert.equal(headers['webhook-id'], `${hook.id}:${body.data.entry.seq}`);
      const key = Buffer.from(hook.secret!.replace('whsec_', ''), 'base64');
      const signed = `${headers['webhook-id']}.${String(headers['webhook-timestamp'])}.${raw}`;
      assert.equal(headers['webhook-signature'], `v1,${createHmac('sha256', key).update(signed).digest('base64')}`);
    }
    assert.deepEqual(await eventually(async () => (await deliveries(id, hook.id)).length === 0 && 'none'), 'none');
  });

  it('are signed with the secret that one gave, and never show it again', async () => {
    await using receiver = new Receiver();
    const url = await receiver.listen();
    const { id } = await cluster.group([ada]);
    const clientId = randomUUID();
    const secret = 'a secret of our own making';
    const hook = await make(id, { url, secret, clientId });
    assert.equal(Buffer.from(hook.secret!.replace('whsec_', ''), 'base64').toString(), secret);
    const again = await make(id, { url, secret, clientId });
    assert.deepEqual([again.id, again.secret], [hook.id, undefined]);
    const stored = await cluster.sql('select secret::text, url from webhooks where id = $1', [hook.id]);
    for (const shown of [await list(id), stored]) assert.doesNotMatch(JSON.stringify(shown), /secret of our own|whsec_/);
    await socket.send(id, 'hello');
    const { headers, raw } = await eventually(() => receiver.calls[0], { deadlineMs: 30_000 });
    const signed = `${headers['webhook-id']}.${String(headers['webhook-timestamp'])}.${raw}`;
    assert.equal(headers['webhook-signature'], `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`);
  });

  it('try again what failed, show what was given up, and send it when one asks', async () => {
    await using receiver = new Receiver();
    const url = await receiver.listen();
    receiver.answer = 500;
    const { id } = await cluster.group([ada]);
    const hook = await make(id, { url });
    await socket.send(id, 'important');
    const waiting = await eventually(async () => (await deliveries(id, hook.id)).find((d) => d.error), { deadlineMs: 30_000 });
    assert.match(waiting.error!, /answered 500/);
    assert.ok(waiting.nextAttemptAt !== undefined && waiting.failedAt === undefined);
    const givenUp = await eventually(
      async () => {
        await hurry();
        return (await deliveries(id, hook.id)).find((d) => d.failedAt);
      },
      { deadlineMs: 60_000 },
    );
    assert.equal(givenUp.attempts, 15);
    assert.equal((await list(id))[0]!.failures, 1);
    receiver.answer = 204;
    const retry = () => cluster.rest<{ code: string }>(ada, 'POST', `${path(id)}/${hook.id}/deliveries/${givenUp.id}/retry`);
    await cluster.ok(ada, 'PATCH', `${path(id)}/${hook.id}`, { enabled: false });
    const refused = await retry();
    assert.deepEqual([refused.status, refused.body.code], [409, 'conflict'], 'one that is off would drop it');
    assert.ok((await deliveries(id, hook.id))[0]?.failedAt);
    await cluster.ok(ada, 'PATCH', `${path(id)}/${hook.id}`, { enabled: true });
    assert.equal((await retry()).status, 204);
    await eventually(async () => (await deliveries(id, hook.id)).length === 0, { deadlineMs: 30_000 });
    assert.equal((await list(id))[0]!.failures, 0);
    assert.equal(new Set(receiver.calls.map(({ headers }) => headers['webhook-id'])).size, 1);
  });

  it('stop for good when the receiver says that it is gone, and begin anew when switched on', async () => {
    await using receiver = new Receiver();
    const url = await receiver.listen();
    receiver.answer = 410;
    const { id } = await cluster.group([ada]);
    const hook = await make(id, { url });
    await socket.send(id, 'first');
    await eventually(async () => (await list(id))[0]!.disabledAt, { deadlineMs: 30_000 });
    await socket.send(id, 'while it was off');
    receiver.answer = 200;
    await cluster.ok(ada, 'PATCH', `${path(id)}/${hook.id}`, { enabled: true });
    await socket.send(id, 'on again');
    await eventually(() => receiver.bodies().includes('on again'), { deadlineMs: 30_000 });
    assert.deepEqual(receiver.bodies(), ['first', 'on again']);
  });

  it('never reach into the private network', async () => {
    const { id } = await cluster.group([ada]);
    const hook = await make(id, { url: 'http://169.254.169.254/latest/meta-data' });
    await socket.send(id, 'hello');
    const refused = await eventually(async () => (await deliveries(id, hook.id)).find((d) => d.failedAt), { deadlineMs: 30_000 });
    assert.equal(refused.attempts, 1);
    assert.doesNotMatch(refused.error!, /169\.254/);
    for (const url of ['ftp://example.org', 'http://user:password@example.org', 'javascript:alert(1)', 'nonsense']) {
      assert.equal((await cluster.rest(ada, 'POST', path(id), { url })).status, 422, url);
    }
  });

  it('take messages from outside by their address alone', async () => {
    const bob = await cluster.guest('Bob');
    const { id } = await cluster.group([ada, bob]);
    using listening = await cluster.connect(bob, 1);
    const hook = await make(id, { name: 'Build robot' });
    assert.equal(hook.kind, 'incoming');
    const call = (body: unknown, url = hook.url!) =>
      fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    const clientMsgId = randomUUID();
    const [first, second] = [await call({ text: 'build 7 is green', clientMsgId }), await call({ text: 'build 7 is green', clientMsgId })];
    assert.deepEqual([first.status, second.status], [201, 200]);
    assert.equal(((await second.json()) as SendResult).seq, ((await first.json()) as SendResult).seq);
    const { entries } = await listening.next('entries', (e) => e.conversationId === id && e.entries.some((x) => x.type === 'message'));
    const robot = await cluster.ok<{ displayName: string; bot: string }>(bob, 'GET', `/v1/users/${entries[0]!.actorId}`);
    assert.deepEqual([robot.displayName, robot.bot], ['Build robot', 'webhook']);
    const history = await cluster.ok<{ items: Message[] }>(bob, 'GET', `/v1/conversations/${id}/messages`);
    assert.deepEqual(
      history.items.map((m) => m.body),
      ['build 7 is green'],
    );
    assert.equal((await call({ text: '' })).status, 422);
    assert.equal((await call({ text: 'x'.repeat(9_000) })).status, 413);
    assert.equal((await call({})).status, 422);
    for (const url of [`${hook.url}x`, hook.url!.slice(0, -8), hook.url!.replace(/[^/]+$/, 'AAAA')]) {
      assert.equal((await call({ text: 'no' }, url)).status, 404);
    }
    // The list knows it, its address it does not.
    assert.doesNotMatch(JSON.stringify(await list(id)), /hooks/);
    await cluster.ok(ada, 'DELETE', `${path(id)}/${hook.id}`);
    assert.equal((await call({ text: 'too late' })).status, 404);
  });

  it('are for owners and admins of the conversation only', async () => {
    const [bob, eve] = (await cluster.guests(2)) as [Person, Person];
    const { id } = await cluster.group([ada, bob]);
    const hook = await make(id, { name: 'Robot' });
    for (const [who, status] of [
      [bob, 403],
      [eve, 404],
    ] as const) {
      for (const [method, suffix, body] of [
        ['POST', '', { name: 'Mine' }],
        ['GET', '', undefined],
        ['PATCH', `/${hook.id}`, { enabled: false }],
        ['GET', `/${hook.id}/deliveries`, undefined],
        ['POST', `/${hook.id}/deliveries/1/retry`, {}],
        ['DELETE', `/${hook.id}`, undefined],
      ] as const) {
        assert.equal((await cluster.rest(who, method, path(id) + suffix, body)).status, status, `${method} ${suffix}`);
      }
    }
    // Of another conversation.
    const other = await cluster.group([ada]);
    assert.equal((await cluster.rest(ada, 'DELETE', `${path(other.id)}/${hook.id}`)).status, 404);
  });
});
