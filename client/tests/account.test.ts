import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createDatabase, eventually } from '@chatcluster/tools/testing';
import { codeOf } from '../../server/src/auth/_authenticator.ts';
import { startSmtp } from '../../server/src/mail/_smtp.ts';
import { createClient } from '../src/index.ts';
import { startTestServer } from './server.ts';

async function setUp(env: Record<string, string> = {}) {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await createDatabase());
  const smtp = stack.use(await startSmtp());
  const mail = { SMTP_URL: smtp.url, PUBLIC_URL: 'http://chat.example.org' };
  const server = stack.use(await startTestServer(database.url, env.MAIL === 'off' ? env : { ...mail, ...env }));
  return { smtp, client: () => stack.use(createClient({ url: server.url })), [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const tokenOf = (link: string) => link.slice(link.lastIndexOf('/') + 1);
const input = { email: 'ada@example.org', password: 'correct horse', displayName: 'Ada' };

test('an account is made, and its password reset, by the links of mails', async () => {
  await using t = await setUp();
  const ada = t.client();
  assert.deepEqual(await ada.register(input), { mailSent: true });
  assert.equal(ada.me(), undefined);
  await ada.account.verifyEmail(tokenOf((await t.smtp.mail(input.email)).link));
  assert.equal(ada.me()?.emailVerified, true);
  ada.start();
  await eventually(() => ada.connection().state === 'live');

  await t.smtp.mail(input.email, 2);
  const phone = t.client();
  await phone.account.forgotPassword(input.email);
  await phone.account.resetPassword({ token: tokenOf((await t.smtp.mail(input.email, 3)).link), password: 'battery staple' });
  await eventually(() => ada.me() === undefined, { message: 'the other session ended' });
  await assert.rejects(phone.login(input), { code: 'unauthenticated' });
  await phone.login({ email: input.email, password: 'battery staple' });
  assert.equal(phone.me()?.displayName, 'Ada');

  assert.deepEqual(await phone.account.changeEmail({ email: 'new@example.org', password: 'battery staple' }), { mailSent: true });
  await phone.account.verifyEmail(tokenOf((await t.smtp.mail('new@example.org')).link));
  assert.equal(phone.me()?.email, 'new@example.org', 'the own record follows');
});

test('a guest does the work that is asked for, talks, and keeps the conversation as a user', async () => {
  await using t = await setUp({ MAIL: 'off', SIGNUP_CHALLENGE: 'on', SIGNUP_CHALLENGE_BITS: '6' });
  const [bob, gus] = [t.client(), t.client()];
  await bob.register(input);
  await gus.guest({ displayName: 'Gus' });
  for (const client of [bob, gus]) client.start();
  const { id } = await bob.createDirect(gus.me()?.id ?? '');
  bob.send(id, 'stay');
  await eventually(() => gus.conversation(id).unread === 1);
  const user = await gus.account.upgrade({ email: 'gus@example.org', password: 'correct horse' });
  assert.ok('id' in user && !user.guest);
  assert.equal(gus.me()?.guest, false);
  await eventually(() => bob.user(user.id)?.guest === false, { message: 'others see it' });
  const later = t.client();
  await later.login({ email: 'gus@example.org', password: 'correct horse' });
  later.start();
  await eventually(() => later.conversations().some((c) => c.id === id));
});

test('signing in takes a code once the second factor is on', async () => {
  await using t = await setUp({ MAIL: 'off' });
  const ada = t.client();
  await ada.register(input);
  const { secret } = await ada.account.setUpTotp({ password: input.password });
  const { recoveryCodes } = await ada.account.confirmTotp(codeOf(secret));
  assert.deepEqual(await ada.account.methods(), { password: true, totp: true, recoveryCodesLeft: 10, providers: [] });
  const phone = t.client();
  const challenge = await phone.login(input);
  assert.ok('mfaToken' in challenge);
  assert.equal(phone.me(), undefined);
  await assert.rejects(phone.account.verifyTotp({ mfaToken: challenge.mfaToken, code: 'wrong' }), { code: 'forbidden' });
  await phone.account.verifyTotp({ mfaToken: challenge.mfaToken, code: recoveryCodes[0] ?? '' });
  assert.equal(phone.me()?.displayName, 'Ada');
  await ada.account.removeTotp({ password: input.password });
  assert.ok('user' in (await t.client().login(input)));
});

test('the ways to sign in are told to everybody', async () => {
  await using t = await setUp();
  assert.deepEqual(await t.client().account.options(), { items: [], guests: true, mail: true, challenge: false });
});
