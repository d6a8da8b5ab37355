import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createTestApp, registerUser } from './test-app.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

it('registers, signs in and answers with cookies by default', async () => {
  await using app = await createTestApp();
  const body = { email: 'Ada@Example.org', password: 'correct horse', displayName: '  Ada ' };
  const made = await app.call('POST', '/v1/auth/register', { body });
  assert.equal(made.status, 201);
  assert.deepEqual(Object.keys(made.body).sort(), ['accessToken', 'expiresIn', 'sessionId', 'user']);
  assert.equal(made.body.expiresIn, 900);
  const { id, ...user } = made.body.user as Record<string, unknown>;
  assert.match(String(id), UUID);
  assert.deepEqual(user, { displayName: 'Ada', guest: false, email: 'ada@example.org', emailVerified: false, admin: false });
  assert.match(made.cookies.chat_access!, /^chat_access=[\w.-]+; Max-Age=\d+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/);
  assert.match(
    made.cookies.chat_refresh!,
    /^chat_refresh=[\w.-]+; Max-Age=2592000; Path=\/v1\/auth; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
  );

  const again = await app.call('POST', '/v1/auth/register', { body: { ...body, email: 'ada@example.org' } });
  assert.deepEqual([again.status, again.body.code], [409, 'conflict']);

  const login = await app.call('POST', '/v1/auth/login', { body: { email: 'ADA@example.org', password: 'correct horse' } });
  assert.equal(login.status, 200);
  assert.notEqual(login.body.sessionId, made.body.sessionId);
  const me = await app.call('GET', '/v1/users/me', { headers: { cookie: login.cookies.chat_access!.split(';')[0]! } });
  assert.deepEqual(me.body, login.body.user);
});

it('marks the cookies Secure where it is configured', async () => {
  await using app = await createTestApp({ env: { SECURE_COOKIES: 'on' } });
  const { cookies } = await app.call('POST', '/v1/auth/guest', { body: {} });
  assert.match(cookies.chat_access!, /; Secure/);
  assert.match(cookies.chat_refresh!, /; Secure/);
});

it('gives the refresh token in the body and no cookies to a client that asks so', async () => {
  await using app = await createTestApp();
  const made = await app.call('POST', '/v1/auth/guest', { body: { tokens: 'body', displayName: 'Gus', deviceId: 'phone' } });
  assert.equal(made.status, 201);
  assert.deepEqual(made.cookies, {});
  assert.equal((made.body.user as { guest: boolean }).guest, true);
  const next = await app.call('POST', '/v1/auth/refresh', { body: { refreshToken: made.body.refreshToken } });
  assert.equal(next.status, 200);
  assert.deepEqual(next.cookies, {});
  assert.notEqual(next.body.refreshToken, made.body.refreshToken);
  assert.equal(next.body.sessionId, made.body.sessionId);
  assert.deepEqual(next.body.user, made.body.user);
});

it('makes a guest without a body', async () => {
  await using app = await createTestApp();
  const made = await app.call('POST', '/v1/auth/guest');
  assert.equal(made.status, 201);
  assert.match((made.body.user as { displayName: string }).displayName, /^Guest /);
});

it('answers a wrong password and an unknown address alike', async () => {
  await using app = await createTestApp();
  const { email } = await registerUser(app.call);
  const wrong = await app.call('POST', '/v1/auth/login', { body: { email, password: 'wrong horse' } });
  const unknown = await app.call('POST', '/v1/auth/login', { body: { email: 'nobody@example.org', password: 'wrong horse' } });
  assert.equal(wrong.status, 401);
  assert.equal(wrong.headers.get('www-authenticate'), 'Bearer');
  assert.deepEqual(wrong.body, unknown.body);
});

it('answers 429 with a hint after ten wrong passwords, even to the right one', async () => {
  await using app = await createTestApp();
  const { email, password } = await registerUser(app.call);
  for (let i = 0; i < 10; i++)
    assert.equal((await app.call('POST', '/v1/auth/login', { body: { email, password: 'wrong horse' } })).status, 401);
  const stopped = await app.call('POST', '/v1/auth/login', { body: { email, password } });
  assert.deepEqual([stopped.status, stopped.body.code, stopped.body.retryable], [429, 'rate_limited', true]);
  assert.equal(Number(stopped.headers.get('retry-after')), Math.ceil(Number(stopped.body.retryAfterMs) / 1_000));
  const other = await registerUser(app.call);
  assert.equal((await app.call('POST', '/v1/auth/login', { body: { email: other.email, password: other.password } })).status, 200);
});

it('counts by the forwarded address of a trusted proxy only', async () => {
  await using app = await createTestApp({ env: { TRUSTED_PROXIES: '127.0.0.1' } });
  await using plain = await createTestApp();
  for (const [target, expected] of [
    [app, '192.0.2.9'],
    [plain, '127.0.0.1'],
  ] as const) {
    const made = await target.call('POST', '/v1/auth/guest', { body: {}, headers: { 'x-forwarded-for': '198.51.100.1, 192.0.2.9' } });
    const list = await target.call('GET', '/v1/auth/sessions', { token: String(made.body.accessToken) });
    assert.equal((list.body.items as { address: string }[])[0]!.address, expected);
  }
});

it('refreshes by cookie only for an allowed page', async () => {
  await using app = await createTestApp();
  const made = await app.call('POST', '/v1/auth/guest', { body: {} });
  const cookie = made.cookies.chat_refresh!.split(';')[0]!;
  assert.equal((await app.call('POST', '/v1/auth/refresh', { headers: { cookie } })).status, 403);
  assert.equal((await app.call('POST', '/v1/auth/refresh', { headers: { cookie, origin: 'https://evil.example' } })).status, 403);
  const next = await app.call('POST', '/v1/auth/refresh', { headers: { cookie, origin: app.origin } });
  assert.equal(next.status, 200);
  assert.equal(next.body.refreshToken, undefined);
  assert.notEqual(next.cookies.chat_refresh!.split(';')[0], cookie);
  assert.equal((await app.call('POST', '/v1/auth/refresh')).status, 401);
});

it('refuses writes by cookie, and signing in with cookies, from another page', async () => {
  await using app = await createTestApp();
  const made = await app.call('POST', '/v1/auth/guest', { body: {} });
  const cookie = made.cookies.chat_access!.split(';')[0]!;
  const write = (headers: Record<string, string>) =>
    app.call('PATCH', '/v1/users/me', { headers: { cookie, ...headers }, body: { displayName: 'New' } });
  assert.equal((await write({})).status, 403);
  assert.equal((await write({ origin: 'null' })).status, 403);
  assert.equal((await write({ origin: app.origin })).status, 200);
  assert.equal((await app.call('GET', '/v1/users/me', { headers: { cookie } })).status, 200);
  const foreign = await app.call('POST', '/v1/auth/guest', {
    headers: { origin: 'https://evil.example', 'content-type': 'text/plain' },
    raw: '{}',
  });
  assert.equal(foreign.status, 403);
  assert.deepEqual(foreign.cookies, {});
});

it("lists and ends the own sessions, and nobody else's", async () => {
  await using app = await createTestApp();
  const ada = await registerUser(app.call);
  const eve = await registerUser(app.call);
  const second = await app.call('POST', '/v1/auth/login', {
    body: { email: ada.email, password: ada.password, tokens: 'body', deviceId: 'd1' },
    headers: { 'user-agent': 'Test/1' },
  });
  const list = await app.call('GET', '/v1/auth/sessions', { token: ada.accessToken });
  const items = list.body.items as Record<string, unknown>[];
  assert.equal(items.length, 2);
  const other = items.find((s) => s.id === second.body.sessionId)!;
  assert.deepEqual([other.current, other.deviceId, other.userAgent, other.address], [false, 'd1', 'Test/1', '127.0.0.1']);
  assert.equal(items.find((s) => s.current)!.id, ada.sessionId);

  const path = `/v1/auth/sessions/${String(second.body.sessionId)}`;
  assert.equal((await app.call('DELETE', path, { token: eve.accessToken })).status, 404);
  assert.equal((await app.call('DELETE', path, { token: ada.accessToken })).status, 204);
  assert.equal((await app.call('DELETE', path, { token: ada.accessToken })).status, 404);
  assert.equal((await app.call('GET', '/v1/users/me', { token: String(second.body.accessToken) })).status, 401);
  assert.equal((await app.call('POST', '/v1/auth/refresh', { body: { refreshToken: second.body.refreshToken } })).status, 401);
  assert.equal((await app.call('DELETE', '/v1/auth/sessions/nonsense', { token: ada.accessToken })).status, 422);
});

it('logs out by token, by refresh token and by cookie', async () => {
  await using app = await createTestApp();
  const byToken = await registerUser(app.call);
  assert.equal((await app.call('POST', '/v1/auth/logout', { token: byToken.accessToken })).status, 204);
  assert.equal((await app.call('GET', '/v1/users/me', { token: byToken.accessToken })).status, 401);

  const byRefresh = await registerUser(app.call);
  assert.equal((await app.call('POST', '/v1/auth/logout', { body: { refreshToken: byRefresh.refreshToken } })).status, 204);
  assert.equal((await app.call('GET', '/v1/users/me', { token: byRefresh.accessToken })).status, 401);

  const made = await app.call('POST', '/v1/auth/guest', { body: {} });
  const cookie = `chat_access=expired; ${made.cookies.chat_refresh!.split(';')[0]!}`;
  assert.equal((await app.call('POST', '/v1/auth/logout', { headers: { cookie } })).status, 403);
  const out = await app.call('POST', '/v1/auth/logout', { headers: { cookie, origin: app.origin } });
  assert.equal(out.status, 204);
  assert.match(out.cookies.chat_access!, /^chat_access=; .*Expires=Thu, 01 Jan 1970/);
  assert.match(out.cookies.chat_refresh!, /^chat_refresh=; Path=\/v1\/auth; Expires=Thu, 01 Jan 1970/);
  assert.equal((await app.call('POST', '/v1/auth/logout')).status, 401);
  assert.equal(app.revoked.length, 3);
});

it('changes the password, keeps this session and ends the others', async () => {
  await using app = await createTestApp();
  const ada = await registerUser(app.call);
  const other = await app.call('POST', '/v1/auth/login', { body: { email: ada.email, password: ada.password } });
  const change = (currentPassword: string, newPassword = 'battery staple') =>
    app.call('POST', '/v1/auth/password/change', { token: ada.accessToken, body: { currentPassword, newPassword } });
  assert.equal((await change('wrong')).status, 403);
  assert.equal((await change(ada.password, 'short')).status, 422);
  assert.equal((await change(ada.password)).status, 204);
  assert.equal((await app.call('GET', '/v1/users/me', { token: ada.accessToken })).status, 200);
  assert.equal((await app.call('GET', '/v1/users/me', { token: String(other.body.accessToken) })).status, 401);
  assert.equal((await app.call('POST', '/v1/auth/login', { body: { email: ada.email, password: ada.password } })).status, 401);
  assert.equal((await app.call('POST', '/v1/auth/login', { body: { email: ada.email, password: 'battery staple' } })).status, 200);
  assert.deepEqual(app.revoked, [{ userId: ada.userId, sessionIds: [other.body.sessionId], code: 'revoked' }]);
  const guest = await app.call('POST', '/v1/auth/guest', { body: {} });
  const refused = await app.call('POST', '/v1/auth/password/change', {
    token: String(guest.body.accessToken),
    body: { currentPassword: 'x', newPassword: 'battery staple' },
  });
  assert.equal(refused.status, 403);
});

it('says how one can sign in', async () => {
  await using app = await createTestApp();
  assert.deepEqual((await app.call('GET', '/v1/auth/providers')).body, { items: [], guests: true, mail: false, challenge: false });
});

it('keeps everybody signed in while the keys are rotated', async () => {
  await using app = await createTestApp({ keys: { activateMs: 0 } });
  const ada = await registerUser(app.call);
  const kids = async () => ((await app.call('GET', '/.well-known/jwks.json')).body.keys as { kid: string }[]).map((key) => key.kid);
  let { accessToken, refreshToken } = ada;
  for (let round = 2; round <= 3; round += 1) {
    await app.auth.keys.rotate();
    assert.deepEqual((await kids()).at(-1), `ed25519-${round}`);
    assert.equal((await app.call('GET', '/v1/users/me', { token: accessToken })).status, 200, 'the token of before is good');
    const next = await app.call('POST', '/v1/auth/refresh', { body: { refreshToken } });
    assert.equal(next.status, 200, 'and so is the session');
    ({ accessToken, refreshToken } = next.body as { accessToken: string; refreshToken: string });
    assert.equal((await app.call('GET', '/v1/users/me', { token: accessToken })).status, 200);
  }
  await app.db.query("update signing_keys set retired_at = now() - interval '1 day' where retired_at is not null");
  await app.auth.keys.reload();
  assert.deepEqual(await kids(), ['ed25519-3']);
  assert.equal((await app.call('GET', '/v1/users/me', { token: ada.accessToken })).status, 401);
  assert.equal((await app.call('GET', '/v1/users/me', { token: accessToken })).status, 200);
});
