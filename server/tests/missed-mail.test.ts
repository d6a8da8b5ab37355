import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { Conversation, NotificationSettings, OwnUser } from '@chatcluster/protocol';
import { eventually, runSql } from '@chatcluster/tools/testing';
import { startSmtp } from '../src/mail/_smtp.ts';
import { startPods } from './_pods.ts';

it('mails what was missed to who is offline, and no more after the link was used', async () => {
  await using smtp = await startSmtp();
  await using cluster = await startPods(1, { ROLE: 'api' });
  const [ann, bob] = [await cluster.register('Ann'), await cluster.register('Bob')];
  // Registered before mail was set up, and confirmed since.
  await runSql(cluster.databaseUrl, 'update users set email_verified_at = now()');
  const mail = { SMTP_URL: smtp.url, MAIL_FROM: 'chat@example.org', PUBLIC_URL: 'http://127.0.0.1:8080', NOTIFY_MAIL_MINUTES: '60' };
  const worker = await cluster.addPod({ ...mail, ROLE: 'all' });
  const direct = await cluster.ok<Conversation>(ann, 'POST', '/v1/conversations', { kind: 'direct', memberIds: [bob.id] });
  const address = (bob.user as { email: string }).email;
  const write = async (body: string) => {
    await cluster.ok(ann, 'POST', `/v1/conversations/${direct.id}/messages`, { clientMsgId: crypto.randomUUID(), body });
  };
  await write('Are you there?');
  // The hour passes.
  const mails = () => smtp.mails.filter(({ to }) => to === address);
  await eventually(
    async () => {
      await runSql(cluster.databaseUrl, "update notices set due_at = now() where channel = 'mail' and lease is null");
      return mails().length > 0;
    },
    { deadlineMs: 60_000 },
  );
  const { text } = mails()[0]!;
  assert.match(text, /Ann: Are you there\?/);
  const link = /unsubscribe\?token=[\w-]+/.exec(text)?.[0];
  const url = `${worker.url}/v1/notifications/${link}`;
  assert.equal((await fetch(url)).status, 200);
  const settings = () => cluster.ok<NotificationSettings>(bob, 'GET', '/v1/users/me/notifications');
  assert.equal((await settings()).mail, true, 'following the link only asks');
  const done = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: 'List-Unsubscribe=One-Click',
  });
  assert.equal(done.status, 200);
  assert.equal((await settings()).mail, false);
});

it('writes to each in the language that they read', async () => {
  await using smtp = await startSmtp();
  const mail = { SMTP_URL: smtp.url, MAIL_FROM: 'chat@example.org', PUBLIC_URL: 'http://127.0.0.1:8080', NOTIFY_MAIL_MINUTES: '60' };
  await using cluster = await startPods(1, { ROLE: 'api' });
  const [ann, berta] = [await cluster.register('Ann'), await cluster.register('Berta')];
  await runSql(cluster.databaseUrl, 'update users set email_verified_at = now()');
  const own = await cluster.ok<OwnUser>(berta, 'PATCH', '/v1/users/me', { locale: 'de-AT' });
  assert.equal(own.locale, 'de-AT');
  const seen = await cluster.ok<Partial<OwnUser>>(ann, 'GET', `/v1/users/${berta.id}`);
  assert.equal(seen.locale, undefined, 'nobody else sees it');
  assert.equal((await cluster.rest(berta, 'PATCH', '/v1/users/me', { locale: '../de' })).status, 422);
  const worker = await cluster.addPod({ ...mail, ROLE: 'all' });
  const direct = await cluster.ok<Conversation>(ann, 'POST', '/v1/conversations', { kind: 'direct', memberIds: [berta.id] });
  const mails = () => smtp.mails.filter(({ to }) => to === own.email);
  await eventually(
    async () => {
      const clientMsgId = crypto.randomUUID();
      await cluster.ok(ann, 'POST', `/v1/conversations/${direct.id}/messages`, { clientMsgId, body: 'Sind Sie da?' });
      await runSql(cluster.databaseUrl, "update notices set due_at = now() where channel = 'mail' and lease is null");
      return mails().length > 0;
    },
    { deadlineMs: 60_000 },
  );
  const { subject, text, html } = mails()[0]!;
  assert.match(subject, /^(Ann hat Ihnen geschrieben|\d+ Nachrichten für Sie)$/);
  assert.match(text, /Unterhaltung öffnen:\s+http/);
  assert.match(html, /<html lang="de">[^]*Keine solchen Mails mehr/);
  const link = /unsubscribe\?token=[\w-]+/.exec(text)?.[0];
  const page = await fetch(`${worker.url}/v1/notifications/${link}`, { headers: { 'accept-language': 'de-AT,de;q=0.9' } });
  assert.match(await page.text(), /<html lang="de">.*Keine Mails mehr/);
});
