import assert from 'node:assert/strict';
import { it } from 'node:test';
import { codeOf } from '../../auth/_authenticator.ts';
import { startIssuer, visit } from '../../auth/providers/_oidc-server.ts';
import { createTestApp, registerUser, type Reply, type TestAppOptions } from './test-app.ts';

const START = Date.now();
const outcome = ({ status, body }: Reply) => [status, body.code];

/** Somebody with a second factor, and a clock that is moved by hand. */
async function setUp(options: TestAppOptions = {}) {
  const clock = { seconds: 0 };
  const at = () => START + clock.seconds * 1_000;
  const app = await createTestApp({ now: () => new Date(at()), ...options });
  const post = (path: string, body: object, token?: string) => app.call('POST', path, { body, token });
  const ada = await registerUser(app.call);
  const begun = await post('/v1/auth/totp', { password: ada.password }, ada.accessToken);
  const secret = String(begun.body.secret);
  const code = () => codeOf(secret, at());
  const confirmed = await post('/v1/auth/totp', { code: code() }, ada.accessToken);
  const mfaToken = async () => {
    const reply = await post('/v1/auth/login', { email: ada.email, password: ada.password, tokens: 'body' });
    return String(reply.body.mfaToken);
  };
  const verify = async (given: string, token?: string) =>
    post('/v1/auth/totp/verify', { mfaToken: token ?? (await mfaToken()), code: given, tokens: 'body' });
  return {
    app,
    ada,
    clock,
    begun,
    code,
    post,
    mfaToken,
    verify,
    recoveryCodes: confirmed.body.recoveryCodes as string[],
    [Symbol.asyncDispose]: () => app[Symbol.asyncDispose](),
  };
}

it('asks for a code after the password, once it is switched on', async () => {
  await using t = await setUp();
  assert.match(String(t.begun.body.uri), /^otpauth:\/\/totp\/Chat%20Cluster:person\d+%40example\.org\?.*secret=[A-Z2-7]{32}/);
  const login = await t.post('/v1/auth/login', { email: t.ada.email, password: t.ada.password });
  assert.deepEqual([login.status, Object.keys(login.body).sort(), login.cookies], [200, ['expiresIn', 'mfaToken'], {}]);
  t.clock.seconds = 60;
  const done = await t.post('/v1/auth/totp/verify', { mfaToken: login.body.mfaToken, code: t.code() });
  assert.equal(done.status, 200);
  assert.ok(done.cookies.chat_access && done.cookies.chat_refresh);
  assert.equal((done.body.user as { id: string }).id, t.ada.userId);
});

it('takes no code twice, none that is too old, and none that is wrong', async () => {
  await using t = await setUp();
  assert.deepEqual(outcome(await t.verify(t.code())), [403, 'forbidden'], 'used to switch it on');
  t.clock.seconds = 60;
  const code = t.code();
  assert.equal((await t.verify(code)).status, 200);
  assert.deepEqual(outcome(await t.verify(code)), [403, 'forbidden'], 'used to sign in');
  t.clock.seconds = 300;
  assert.deepEqual(outcome(await t.verify(code)), [403, 'forbidden'], 'minutes old');
  assert.deepEqual(outcome(await t.verify('abcdef')), [403, 'forbidden']);
  t.clock.seconds = 360;
  const early = t.code();
  t.clock.seconds = 331;
  assert.equal((await t.verify(early)).status, 200, 'a clock half a minute ahead is borne');
});

it('takes each recovery code once, however it is written', async () => {
  await using t = await setUp();
  assert.equal(new Set(t.recoveryCodes).size, 10);
  const [first = '', second = ''] = t.recoveryCodes;
  assert.match(first, /^([a-z0-9]{4}-){3}[a-z0-9]{4}$/);
  assert.equal((await t.verify(first)).status, 200);
  assert.deepEqual(outcome(await t.verify(first)), [403, 'forbidden']);
  assert.equal((await t.verify(second.replaceAll('-', ' ').toUpperCase())).status, 200);
  const { body } = await t.app.call('GET', '/v1/auth/methods', { token: t.ada.accessToken });
  assert.deepEqual(body, { password: true, totp: true, recoveryCodesLeft: 8, providers: [] });
  const { rows } = await t.app.db.query<{ text: string }>('select row_to_json(r)::text as text from recovery_codes r');
  assert.equal(rows.length, 8);
  for (const { text } of rows) assert.doesNotMatch(text, new RegExp(t.recoveryCodes[2]!.replaceAll('-', '')));
});

it('stops guessing after ten wrong codes', async () => {
  await using t = await setUp();
  t.clock.seconds = 60;
  const token = await t.mfaToken();
  for (let i = 0; i < 10; i += 1) assert.equal((await t.verify('abcdef', token)).status, 403);
  assert.deepEqual(outcome(await t.verify(t.code(), token)), [429, 'rate_limited']);
});

it('lets the proof of a password end with its time, its password, and its signature', async () => {
  await using t = await setUp();
  const token = await t.mfaToken();
  assert.deepEqual(outcome(await t.verify(t.code(), `${token.slice(0, -4)}AAAA`)), [401, 'unauthenticated']);
  assert.deepEqual(outcome(await t.verify(t.code(), 'nonsense')), [401, 'unauthenticated']);
  await t.post('/v1/auth/password/change', { currentPassword: t.ada.password, newPassword: 'battery staple' }, t.ada.accessToken);
  t.clock.seconds = 60;
  assert.deepEqual(outcome(await t.verify(t.code(), token)), [401, 'unauthenticated']);
  const next = String((await t.post('/v1/auth/login', { email: t.ada.email, password: 'battery staple' })).body.mfaToken);
  t.clock.seconds = 361;
  assert.deepEqual(outcome(await t.verify(t.code(), next)), [401, 'unauthenticated']);
});

it('is switched on and off by the owner alone', async () => {
  await using t = await setUp();
  assert.deepEqual(outcome(await t.post('/v1/auth/totp', { password: 'wrong' }, t.ada.accessToken)), [403, 'forbidden']);
  assert.deepEqual(outcome(await t.post('/v1/auth/totp', { password: t.ada.password }, t.ada.accessToken)), [409, 'conflict']);
  const off = (password: string) => t.app.call('DELETE', '/v1/auth/totp', { token: t.ada.accessToken, body: { password } });
  assert.deepEqual(outcome(await off('wrong')), [403, 'forbidden']);
  assert.equal((await off(t.ada.password)).status, 204);
  const login = await t.post('/v1/auth/login', { email: t.ada.email, password: t.ada.password });
  assert.ok(login.body.accessToken);
  const guest = await t.post('/v1/auth/guest', { tokens: 'body' });
  assert.deepEqual(outcome(await t.post('/v1/auth/totp', {}, String(guest.body.accessToken))), [403, 'forbidden']);
});

it('is not on before a code was right', async () => {
  await using t = await setUp();
  const bob = await registerUser(t.app.call);
  await t.post('/v1/auth/totp', { password: bob.password }, bob.accessToken);
  assert.deepEqual(outcome(await t.post('/v1/auth/totp', { code: '000000' }, bob.accessToken)), [422, 'invalid']);
  assert.ok((await t.post('/v1/auth/login', { email: bob.email, password: bob.password })).body.accessToken);
});

it('is asked for after an identity provider, too', async () => {
  const PUBLIC_URL = 'http://chat.example.org';
  const client = { clientId: 'chat', clientSecret: 'a secret of at least thirty-two characters' };
  await using issuer = await startIssuer({ ...client, redirectUri: `${PUBLIC_URL}/v1/auth/providers/main/callback` });
  await using t = await setUp({
    env: { PUBLIC_URL, AUTH_PROVIDERS: JSON.stringify([{ name: 'main', type: 'oidc', issuer: issuer.issuer, ...client }]) },
  });
  await t.app.db.query('insert into identities (provider, subject, user_id) values ($1, $2, $3)', ['main', 'ada', t.ada.userId]);
  issuer.person = { sub: 'ada' };
  const started = await t.app.call('GET', '/v1/auth/providers/main/start');
  const back = await visit(String(started.headers.get('location')), PUBLIC_URL);
  const cookie = Object.values(started.cookies)[0]!.split(';')[0]!;
  const done = await t.app.call('GET', `/v1/auth/providers/main/callback${back.search}`, { headers: { cookie } });
  assert.equal(done.cookies.chat_access, undefined);
  const token = /^\/#\/mfa\/(.+)$/.exec(String(done.headers.get('location')))?.[1];
  t.clock.seconds = 60;
  assert.equal((await t.verify(t.code(), token)).status, 200);
});
