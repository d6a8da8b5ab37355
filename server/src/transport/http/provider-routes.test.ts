import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { startGitHub } from '../../auth/providers/_github-server.ts';
import { listen, startIssuer, visit } from '../../auth/providers/_oidc-server.ts';
import { createTestApp, type Reply } from './test-app.ts';

const PUBLIC_URL = 'http://chat.example.org';
const client = { clientId: 'chat', clientSecret: 'a secret of at least thirty-two characters' };
const callback = (name: string) => `${PUBLIC_URL}/v1/auth/providers/${name}/callback`;

/** Two issuers and GitHub at once. */
async function setUp(env: Record<string, string> = {}) {
  const stack = new AsyncDisposableStack();
  const main = stack.use(await startIssuer({ ...client, redirectUri: callback('main') }));
  const other = stack.use(await startIssuer({ ...client, redirectUri: callback('other') }));
  const github = stack.use(await startGitHub(client));
  const providers = [
    { name: 'main', type: 'oidc', issuer: main.issuer, ...client, label: 'Main Office' },
    { name: 'other', type: 'OpenIDConnect', issuer: other.issuer, ...client },
    { name: 'github', type: 'github', issuer: github.origin, ...client },
  ];
  const app = stack.use(await createTestApp({ env: { PUBLIC_URL, AUTH_PROVIDERS: JSON.stringify(providers), ...env } }));
  const start = (name: string, query = '') => app.call('GET', `/v1/auth/providers/${name}/start${query}`);
  /** Comes back to the callback with the cookies of the start. */
  const comeBack = (name: string, started: Reply, url: URL) =>
    app.call('GET', `/v1/auth/providers/${name}/callback${url.search}`, { headers: { cookie: cookieOf(started) } });
  const signIn = async (name: string, query = '') => {
    const started = await start(name, query);
    return comeBack(name, started, await visit(String(started.headers.get('location')), PUBLIC_URL));
  };
  const me = async (reply: Reply) => {
    const cookie = reply.cookies.chat_access?.split(';')[0] ?? '';
    return (await app.call('GET', '/v1/users/me', { headers: { cookie } })).body;
  };
  return { app, main, other, github, start, comeBack, signIn, me, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const cookieOf = (reply: Reply) =>
  Object.values(reply.cookies)
    .map((cookie) => cookie.split(';')[0])
    .join('; ');

it('lists every provider with where to begin, and no secret', async () => {
  await using t = await setUp();
  const { body } = await t.app.call('GET', '/v1/auth/providers');
  assert.deepEqual(body.items, [
    { name: 'main', type: 'oidc', label: 'Main Office', startUrl: '/v1/auth/providers/main/start' },
    { name: 'other', type: 'oidc', label: 'Other', startUrl: '/v1/auth/providers/other/start' },
    { name: 'github', type: 'github', label: 'GitHub', startUrl: '/v1/auth/providers/github/start' },
  ]);
  assert.doesNotMatch(JSON.stringify(body), /secret/);
});

it('signs in with OpenID Connect: PKCE, state and nonce out, an account and cookies back', async () => {
  await using t = await setUp({ ADMIN_EMAILS: 'ada@example.org' });
  t.main.person = { sub: 'ada-1', email: 'Ada@Example.org', email_verified: true, name: 'Ada L.' };
  const started = await t.start('main', '?returnTo=%2F%23%2Fc%2F1');
  assert.equal(started.status, 303);
  const asked = new URL(String(started.headers.get('location'))).searchParams;
  for (const name of ['state', 'nonce', 'code_challenge']) assert.match(asked.get(name)!, /^[\w-]{43}$/, name);
  assert.deepEqual([asked.get('code_challenge_method'), asked.get('redirect_uri')], ['S256', callback('main')]);
  assert.match(Object.values(started.cookies)[0]!, /Path=\/v1\/auth\/providers; .*HttpOnly; SameSite=Lax/);

  const done = await t.comeBack('main', started, await visit(String(started.headers.get('location')), PUBLIC_URL));
  assert.deepEqual([done.status, done.headers.get('location')], [303, '/#/c/1']);
  assert.match(done.cookies.chat_refresh!, /SameSite=Strict/);
  const user = await t.me(done);
  assert.deepEqual(
    [user.email, user.emailVerified, user.displayName, user.guest, user.admin],
    ['ada@example.org', true, 'Ada L.', false, true],
  );
  assert.equal((await t.me(await t.signIn('main'))).id, user.id, 'the second time it is the same account');
});

it('links accounts of several providers by the address that all of them have verified', async () => {
  await using t = await setUp();
  t.main.person = { sub: 'm', email: 'ada@example.org', email_verified: true, name: 'Ada' };
  t.other.person = { sub: 'o', email: 'ada@example.org', email_verified: true };
  t.github.person = { id: 7, login: 'ada', name: null, emails: [{ email: 'ADA@example.org', primary: true, verified: true }] };
  const ids = new Set();
  for (const name of ['main', 'other', 'github']) ids.add((await t.me(await t.signIn(name))).id);
  assert.equal(ids.size, 1);
  const signedIn = await t.signIn('github');
  const { body } = await t.app.call('GET', '/v1/auth/methods', { headers: { cookie: signedIn.cookies.chat_access!.split(';')[0]! } });
  assert.deepEqual(body, { password: false, totp: false, recoveryCodesLeft: 0, providers: ['github', 'main', 'other'] });
});

it('links nothing by an address that the provider has not verified', async () => {
  await using t = await setUp();
  t.main.person = { sub: 'm', email: 'ada@example.org', email_verified: true, name: 'Ada' };
  const ada = await t.me(await t.signIn('main'));
  t.other.person = { sub: 'eve', email: 'ada@example.org', email_verified: false, name: 'Eve' };
  t.github.person = { id: 8, login: 'eve', name: 'Eve', emails: [{ email: 'ada@example.org', primary: true, verified: false }] };
  for (const name of ['other', 'github']) {
    const eve = await t.me(await t.signIn(name));
    assert.notEqual(eve.id, ada.id);
    assert.deepEqual([eve.email, eve.displayName], [undefined, 'Eve']);
  }
});

it('gives no account to a provider whose address somebody registered without confirming it', async () => {
  await using t = await setUp();
  await t.app.call('POST', '/v1/auth/register', { body: { email: 'ada@example.org', password: 'correct horse', displayName: 'Eve' } });
  t.main.person = { sub: 'm', email: 'ada@example.org', email_verified: true };
  const done = await t.signIn('main');
  assert.deepEqual([done.headers.get('location'), done.cookies.chat_access], ['/#/sign-in-failed/conflict', undefined]);
});

it('refuses an answer that another browser asked for, that was changed, or that comes twice', async () => {
  await using t = await setUp();
  t.main.person = { sub: 'm', name: 'M' };
  const started = await t.start('main');
  const back = await visit(String(started.headers.get('location')), PUBLIC_URL);
  const failed = (reply: Reply) => assert.match(String(reply.headers.get('location')), /^\/#\/sign-in-failed\/unauthenticated$/);
  failed(await t.app.call('GET', `/v1/auth/providers/main/callback${back.search}`));
  failed(
    await t.app.call('GET', `/v1/auth/providers/main/callback${back.search}`, { headers: { cookie: cookieOf(await t.start('main')) } }),
  );
  failed(await t.app.call('GET', `/v1/auth/providers/other/callback${back.search}`, { headers: { cookie: cookieOf(started) } }));
  const forged = new URL(back);
  forged.searchParams.set('code', 'x'.repeat(43));
  failed(await t.comeBack('main', started, forged));
  assert.equal((await t.comeBack('main', started, back)).headers.get('location'), '/');
  failed(await t.comeBack('main', started, back));
});

it('says so when the person refuses, or the provider is away', async () => {
  await using t = await setUp({
    AUTH_PROVIDERS: JSON.stringify([{ name: 'away', type: 'oidc', issuer: 'http://127.0.0.1:9', ...client }]),
  });
  const away = await t.start('away');
  assert.deepEqual([away.status, away.body.code], [503, 'unavailable']);
  await using github = await setUp();
  github.github.refuses = true;
  assert.equal((await github.signIn('github')).headers.get('location'), '/#/sign-in-failed/forbidden');
  assert.equal((await t.start('nobody')).status, 404);
});

it('sends nobody to another site', async () => {
  await using t = await setUp();
  t.main.person = { sub: 'm', name: 'M' };
  for (const returnTo of ['//evil.example', 'https://evil.example', '/\\evil.example', '/%0d%0aX: y']) {
    const done = await t.signIn('main', `?returnTo=${encodeURIComponent(decodeURIComponent(returnTo))}`);
    assert.equal(done.headers.get('location'), '/', returnTo);
  }
});

it('reaches no private address that the documents of an issuer point to', async () => {
  let touched = 0;
  await using inner = await listen(() => (_req, res) => {
    touched += 1;
    res.end('{}');
  });
  await using issuer = await listen((origin) => (_req, res) => {
    const document = {
      issuer: origin,
      authorization_endpoint: `${origin}/auth`,
      token_endpoint: `${inner.origin}/token`,
      jwks_uri: `${inner.origin}/keys`,
      response_types_supported: ['code'],
    };
    res.setHeader('content-type', 'application/json').end(JSON.stringify(document));
  });
  await using app = await createTestApp({
    env: { PUBLIC_URL, AUTH_PROVIDERS: JSON.stringify([{ name: 'sly', type: 'oidc', issuer: issuer.origin, ...client }]) },
  });
  const started = await app.call('GET', '/v1/auth/providers/sly/start');
  const state = new URL(String(started.headers.get('location'))).searchParams.get('state')!;
  const done = await app.call('GET', `/v1/auth/providers/sly/callback?code=x&state=${state}`, { headers: { cookie: cookieOf(started) } });
  assert.equal(done.headers.get('location'), '/#/sign-in-failed/unavailable');
  assert.equal(touched, 0);
});

it('reads providers from a folder as Kubernetes mounts it', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'chat-providers-'));
  try {
    mkdirSync(join(dir, 'keycloak'));
    mkdirSync(join(dir, '..data'));
    const files = { type: 'OpenIDConnect\n', issuer: 'https://login.example.org', clientId: 'a', clientSecret: 'b\n' };
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, 'keycloak', name), text);
    await using app = await createTestApp({ env: { PUBLIC_URL, AUTH_PROVIDERS_DIR: dir } });
    const { body } = await app.call('GET', '/v1/auth/providers');
    assert.deepEqual(
      (body.items as { name: string; label: string }[]).map((each) => [each.name, each.label]),
      [['keycloak', 'Keycloak']],
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});
