import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '@chatcluster/tools/testing';
import { startSmtp } from '../../mail/_smtp.ts';
import { createTestApp, registerUser, type Reply } from './test-app.ts';

const PUBLIC_URL = 'http://chat.example.org';
let counter = 0;

async function setUp(env: Record<string, string> = {}) {
  const stack = new AsyncDisposableStack();
  const smtp = stack.use(await startSmtp());
  const app = stack.use(await createTestApp({ env: { SMTP_URL: smtp.url, PUBLIC_URL, ...env } }));
  const post = (path: string, body: object, more: { token?: string; headers?: Record<string, string> } = {}) =>
    app.call('POST', path, { body, ...more });

  /** Signs up by the link of the mail. */
  async function member(language = 'en') {
    const email = `member${++counter}@example.org`;
    const body = { email, password: 'correct horse', displayName: 'Ada' };
    assert.equal((await post('/v1/auth/register', body, { headers: { 'accept-language': language } })).status, 202);
    const confirm = await smtp.mail(email);
    const made = await post('/v1/auth/email/verify', { token: tokenOf(confirm.link), tokens: 'body' });
    assert.equal(made.status, 200, JSON.stringify(made.body));
    await smtp.mail(email, 2);
    return { email, confirm, made, token: String(made.body.accessToken) };
  }
  const login = (email: string, password: string) => post('/v1/auth/login', { email, password, tokens: 'body' });
  return { app, smtp, post, member, login, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const tokenOf = (link: string) => link.slice(link.lastIndexOf('/') + 1);
const outcome = ({ status, body }: Reply) => [status, body.code];

it('signs up by the link of a mail, once, and welcomes', async () => {
  await using t = await setUp();
  const { email, confirm, made } = await t.member();
  assert.match(confirm.link, /^http:\/\/chat\.example\.org\/#\/verify\/[\w-]{43}$/);
  const user = made.body.user as Record<string, unknown>;
  assert.deepEqual([user.email, user.emailVerified, user.displayName, user.guest], [email, true, 'Ada', false]);
  assert.equal((await t.smtp.mail(email, 2)).subject, 'Welcome');
  assert.deepEqual(outcome(await t.post('/v1/auth/email/verify', { token: tokenOf(confirm.link) })), [422, 'invalid']);
  assert.equal((await t.login(email, 'correct horse')).status, 200);
});

it('answers a known address like an unknown one, and tells its owner', async () => {
  await using t = await setUp();
  const { email } = await t.member();
  const register = (to: string) => t.post('/v1/auth/register', { email: to, password: 'another one', displayName: 'Eve' });
  const [known, unknown] = [await register(email), await register('nobody@example.org')];
  assert.deepEqual([known.status, known.body], [unknown.status, unknown.body]);
  assert.equal((await t.smtp.mail(email, 3)).subject, 'You already have an account');
  // Before the link is used there is no account, and the answer is that of an unknown address.
  const early = await t.login('nobody@example.org', 'another one');
  const wrong = await t.login('never@example.org', 'another one');
  assert.deepEqual([early.status, early.body], [wrong.status, wrong.body]);
});

it('makes one account of two sign-ups with one address', async () => {
  await using t = await setUp();
  const email = 'twice@example.org';
  for (const displayName of ['First', 'Second']) await t.post('/v1/auth/register', { email, password: 'correct horse', displayName });
  const links = [await t.smtp.mail(email, 1), await t.smtp.mail(email, 2)].map((mail) => tokenOf(mail.link));
  assert.equal((await t.post('/v1/auth/email/verify', { token: links[0] })).status, 200);
  assert.deepEqual(outcome(await t.post('/v1/auth/email/verify', { token: links[1] })), [409, 'conflict']);
});

it('writes in the language that the reader chose, whoever asks', async () => {
  await using t = await setUp();
  const { email, token } = await t.member();
  const { status, body } = await t.app.call('PATCH', '/v1/users/me', { token, body: { locale: 'de' } });
  assert.deepEqual([status, body.locale], [200, 'de']);
  await t.post('/v1/auth/password/forgot', { email }, { headers: { 'accept-language': 'en' } });
  const mail = await t.smtp.mail(email, 3);
  assert.equal(mail.subject, 'Wählen Sie ein neues Passwort');
  assert.match(mail.html, /<html lang="de">/);
  await t.post('/v1/auth/password/change', { currentPassword: 'correct horse', newPassword: 'another horse' }, { token });
  assert.equal((await t.smtp.mail(email, 4)).subject, 'Ihr Passwort wurde geändert');
});

it('resets a forgotten password by mail, once, and ends every session', async () => {
  await using t = await setUp();
  const { email, token } = await t.member();
  const [known, unknown] = [
    await t.post('/v1/auth/password/forgot', { email: email.toUpperCase() }),
    await t.post('/v1/auth/password/forgot', { email: 'nobody@example.org' }),
  ];
  assert.deepEqual([known.status, known.body], [202, { mailSent: true }]);
  assert.deepEqual([unknown.status, unknown.body], [known.status, known.body]);
  const link = (await t.smtp.mail(email, 3)).link;
  assert.match(link, /#\/reset\//);
  const reset = (password: string) => t.post('/v1/auth/password/reset', { token: tokenOf(link), password });
  assert.equal((await reset('short')).status, 422);
  assert.equal((await reset('battery staple')).status, 204);
  assert.deepEqual(outcome(await reset('once more please')), [422, 'invalid']);
  assert.equal((await t.app.call('GET', '/v1/users/me', { token })).status, 401);
  assert.equal((await t.login(email, 'correct horse')).status, 401);
  assert.equal((await t.login(email, 'battery staple')).status, 200);
  assert.equal((await t.smtp.mail(email, 4)).subject, 'Your password was changed');
  assert.equal(
    t.smtp.mails.some((mail) => mail.to === 'nobody@example.org'),
    false,
  );
});

it('keeps only hashes of links, which end', async () => {
  await using t = await setUp();
  const { email } = await t.member();
  await t.post('/v1/auth/password/forgot', { email });
  const token = tokenOf((await t.smtp.mail(email, 3)).link);
  const { rows } = await t.app.db.query<{ text: string }>('select row_to_json(m)::text as text from mail_tokens m');
  assert.equal(rows.length, 1);
  assert.doesNotMatch(rows[0]!.text, new RegExp(token));
  assert.doesNotMatch(t.app.lines.join(''), new RegExp(token));
  await t.app.db.query("update mail_tokens set expires_at = now() - interval '1 second'");
  assert.deepEqual(outcome(await t.post('/v1/auth/password/reset', { token, password: 'battery staple' })), [422, 'invalid']);
});

it('takes no link for another purpose', async () => {
  await using t = await setUp();
  const { email } = await t.member();
  await t.post('/v1/auth/password/forgot', { email });
  const token = tokenOf((await t.smtp.mail(email, 3)).link);
  assert.deepEqual(outcome(await t.post('/v1/auth/email/verify', { token })), [422, 'invalid']);
  assert.equal((await t.post('/v1/auth/password/reset', { token, password: 'battery staple' })).status, 204);
});

it('changes the address when the new one is confirmed, and tells the old one', async () => {
  await using t = await setUp();
  const { email, token } = await t.member();
  const change = (to: string, password: string) => t.post('/v1/auth/email/change', { email: to, password }, { token });
  assert.deepEqual(outcome(await change('new@example.org', 'wrong')), [403, 'forbidden']);
  assert.equal((await change('new@example.org', 'correct horse')).status, 202);
  const link = (await t.smtp.mail('new@example.org')).link;
  assert.equal((await t.login('new@example.org', 'correct horse')).status, 401);
  const verified = await t.post('/v1/auth/email/verify', { token: tokenOf(link) });
  assert.equal(verified.status, 200);
  assert.deepEqual(Object.keys(verified.body), ['user'], 'a changed address signs nobody in');
  assert.equal((await t.smtp.mail(email, 3)).subject, 'Your address was changed');
  assert.equal((await t.login('new@example.org', 'correct horse')).status, 200);
  assert.equal((await t.login(email, 'correct horse')).status, 401);

  const other = await t.member();
  assert.equal((await change(other.email, 'correct horse')).status, 202, 'the answer tells nothing about the address');
  assert.equal((await t.smtp.mail(other.email, 3)).subject, 'You already have an account');
});

it('makes a guest a user by the link, who keeps the account', async () => {
  await using t = await setUp();
  const guest = await t.post('/v1/auth/guest', { displayName: 'Gus', tokens: 'body' });
  const id = (guest.body.user as { id: string }).id;
  const token = String(guest.body.accessToken);
  const sent = await t.post('/v1/auth/upgrade', { email: 'gus@example.org', password: 'correct horse' }, { token });
  assert.equal(sent.status, 202);
  const done = await t.post('/v1/auth/email/verify', { token: tokenOf((await t.smtp.mail('gus@example.org')).link), tokens: 'body' });
  assert.deepEqual((done.body.user as { id: string; guest: boolean }).id, id);
  assert.equal((done.body.user as { guest: boolean }).guest, false);
  assert.deepEqual(
    t.app.profiles.map((user) => [user.id, user.guest]),
    [[id, false]],
  );
  assert.equal((await t.login('gus@example.org', 'correct horse')).status, 200);
  const renewed = await t.post('/v1/auth/refresh', { refreshToken: guest.body.refreshToken });
  assert.equal((renewed.body.user as { guest: boolean }).guest, false);
  assert.equal(
    (await t.post('/v1/auth/upgrade', { email: 'x@example.org', password: 'correct horse' }, { token: String(renewed.body.accessToken) }))
      .status,
    409,
  );
});

it('writes German to who reads German, and escapes names', async () => {
  await using t = await setUp();
  const { confirm } = await t.member('de-DE,de;q=0.9,en;q=0.5');
  assert.equal(confirm.subject, 'Bestätigen Sie Ihre Adresse');
  assert.match(confirm.text, /Guten Tag Ada,/);
  await t.post('/v1/auth/register', { email: 'html@example.org', password: 'correct horse', displayName: '<b onclick="x">Bob</b>' });
  const { html, text } = await t.smtp.mail('html@example.org');
  assert.match(html, /&lt;b onclick=&quot;x&quot;&gt;Bob/);
  assert.doesNotMatch(html, /<b /);
  assert.match(text, /<b onclick="x">Bob/);
});

it('loses no mail while the mail server is away, and sends each once', async () => {
  await using t = await setUp({ RATE_LIMITS: 'off' });
  await t.smtp.stop();
  const emails = Array.from({ length: 5 }, (_, i) => `patient${i}@example.org`);
  for (const email of emails) {
    const reply = await t.post('/v1/auth/register', { email, password: 'correct horse', displayName: 'P' });
    assert.equal(reply.status, 202, 'the person does not wait for the mail server');
  }
  await eventually(async () => (await t.app.db.query('select 1 from jobs where attempts >= 2 and last_error is not null')).rowCount === 5, {
    deadlineMs: 30_000,
  });
  t.smtp.refusal = { code: 451, text: 'try later' };
  await t.smtp.start();
  await eventually(async () => (await t.app.db.query("select 1 from jobs where last_error like '%try later%'")).rowCount, {
    deadlineMs: 30_000,
  });
  t.smtp.refusal = undefined;
  for (const email of emails) await t.smtp.mail(email);
  await eventually(async () => (await t.app.db.query('select 1 from jobs')).rowCount === 0, { deadlineMs: 20_000 });
  assert.deepEqual(t.smtp.mails.map((mail) => mail.to).sort(), emails);
});

it('repeats a mail whose answer was lost with the same Message-ID, and either link works', async () => {
  await using t = await setUp();
  t.smtp.losesAnswers = true;
  await t.post('/v1/auth/register', { email: 'lost@example.org', password: 'correct horse', displayName: 'L' });
  const first = await t.smtp.mail('lost@example.org');
  t.smtp.losesAnswers = false;
  const second = await t.smtp.mail('lost@example.org', 2);
  assert.equal(second.messageId, first.messageId);
  assert.match(first.messageId, /^<[0-9a-f-]{36}@chat\.example\.org>$/);
  assert.equal((await t.post('/v1/auth/email/verify', { token: tokenOf(first.link) })).status, 200);
});

it('gives up a mail that is refused for good', async () => {
  await using t = await setUp();
  t.smtp.refusal = { code: 550, text: 'no such mailbox' };
  await t.post('/v1/auth/register', { email: 'gone@example.org', password: 'correct horse', displayName: 'G' });
  const { rows } = await eventually(async () => {
    const found = await t.app.db.query('select attempts, last_error from jobs where failed_at is not null');
    return found.rowCount === 1 && found;
  });
  assert.equal(rows[0].attempts, 1);
  assert.match(rows[0].last_error, /no such mailbox/);
});

it('stops flooding a mailbox without telling, and a flooding address by telling', async () => {
  await using t = await setUp();
  const { email } = await t.member();
  for (let i = 0; i < 12; i += 1) {
    assert.equal((await t.post('/v1/auth/password/forgot', { email })).status, 202);
    await eventually(async () => (await t.app.db.query('select 1 from jobs')).rowCount === 0);
  }
  // One was the sign-up itself, one the welcome; five an hour are asked for by others.
  assert.equal(t.smtp.mails.filter((mail) => mail.to === email).length, 2 + 4);
  const replies = [];
  for (let i = 0; i < 30; i += 1) replies.push((await t.post('/v1/auth/password/forgot', { email: `n${i}@example.org` })).status);
  assert.equal(replies.at(-1), 429);
});

it('makes the owner of a verified address of ADMIN_EMAILS an administrator', async () => {
  await using t = await setUp({ ADMIN_EMAILS: 'Boss@example.org' });
  await t.post('/v1/auth/register', { email: 'boss@example.org', password: 'correct horse', displayName: 'Boss' });
  const made = await t.post('/v1/auth/email/verify', { token: tokenOf((await t.smtp.mail('boss@example.org')).link) });
  assert.equal((made.body.user as { admin: boolean }).admin, true);
  const { made: other } = await t.member();
  assert.equal((other.body.user as { admin: boolean }).admin, false);
});

it('does without mail: the address counts as given, and nothing can be reset', async () => {
  await using app = await createTestApp({ env: { ADMIN_EMAILS: 'boss@example.org', GUESTS: 'off' } });
  const ada = await registerUser(app.call);
  const bob = await registerUser(app.call);
  const post = (path: string, body: object, token?: string) => app.call('POST', path, { body, token });
  assert.deepEqual(outcome(await post('/v1/auth/password/forgot', { email: ada.email })), [403, 'forbidden']);
  assert.deepEqual(outcome(await post('/v1/auth/email/change', { email: bob.email, password: ada.password }, ada.accessToken)), [
    409,
    'conflict',
  ]);
  const changed = await post('/v1/auth/email/change', { email: 'boss@example.org', password: ada.password }, ada.accessToken);
  assert.deepEqual(
    [changed.status, changed.body.email, changed.body.emailVerified, changed.body.admin],
    [200, 'boss@example.org', false, false],
  );
  assert.deepEqual(outcome(await post('/v1/auth/guest', {})), [403, 'forbidden']);
});

it('makes a guest a user at once where there is no mail', async () => {
  await using app = await createTestApp();
  const guest = await app.call('POST', '/v1/auth/guest', { body: {} });
  const headers = { cookie: guest.cookies.chat_access!.split(';')[0]!, origin: app.origin };
  const ada = await registerUser(app.call);
  const upgrade = (email: string) => app.call('POST', '/v1/auth/upgrade', { headers, body: { email, password: 'correct horse' } });
  assert.deepEqual(outcome(await upgrade(ada.email)), [409, 'conflict']);
  const done = await upgrade('free@example.org');
  assert.deepEqual([done.status, done.body.sessionId, (done.body.user as { guest: boolean }).guest], [200, guest.body.sessionId, false]);
  assert.deepEqual(Object.keys(done.cookies), ['chat_access'], 'the session and its refresh token stay');
});
