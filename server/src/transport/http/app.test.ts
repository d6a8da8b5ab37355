import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { Router } from 'express';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { ChatError, errorCatalogue } from '@chatcluster/protocol/errors';
import { createAdminApp } from './admin.ts';
import { createHttpApp } from './app.ts';
import { createTestApp, registerUser } from './test-app.ts';

const log = pino({ level: 'silent' });

async function listen(listener: Parameters<typeof createServer>[1]) {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => (server.close(() => resolve()), server.closeAllConnections())),
  };
}

const routes: [method: string, path: string][] = [
  ['POST', '/v1/auth/register'],
  ['POST', '/v1/auth/login'],
  ['POST', '/v1/auth/guest'],
  ['POST', '/v1/auth/refresh'],
  ['POST', '/v1/auth/logout'],
  ['POST', '/v1/auth/tickets'],
  ['POST', '/v1/auth/password/change'],
  ['DELETE', '/v1/auth/sessions/x'],
  ['PATCH', '/v1/users/me'],
];

const deep = (n: number) => '['.repeat(n) + ']'.repeat(n);
const hostile: [name: string, raw: string | Uint8Array<ArrayBuffer>][] = [
  ['an array', '[]'],
  ['a number', '1'],
  ['no JSON', '{"email":'],
  ['nothing but spaces', '   '],
  [
    'wrong types',
    '{"email":1,"password":{},"displayName":[],"refreshToken":7,"currentPassword":null,"newPassword":true,"statusText":{},"tokens":"x"}',
  ],
  [
    'deep nesting',
    `{"email":${deep(20_000)},"password":${deep(1_000)},"displayName":${deep(1_000)},"refreshToken":${deep(1_000)},"currentPassword":${deep(9)}}`,
  ],
  ['oversize', JSON.stringify({ displayName: 'x'.repeat(70_000) })],
  ['invalid UTF-8', new Uint8Array(Buffer.concat([Buffer.from('{"displayName":"'), Buffer.from([0xff, 0xfe, 0xc3]), Buffer.from('"}')]))],
  [
    'U+0000 and lone surrogates',
    '{"email":"a\\u0000@example.org","displayName":"\\ud800","deviceId":"\\u0000","password":"\\u0000","refreshToken":"\\u0000","currentPassword":"\\ud800","newPassword":"x"}',
  ],
  [
    'prototype keys',
    '{"__proto__":{"email":"a@example.org","displayName":"p"},"constructor":{"prototype":{"polluted":true}},"refreshToken":"a","displayName":"","currentPassword":"","newPassword":""}',
  ],
  [
    'very long texts',
    JSON.stringify({
      email: `${'a'.repeat(9_000)}@example.org`,
      password: 'p'.repeat(9_000),
      displayName: 'd'.repeat(9_000),
      refreshToken: 'r'.repeat(9_000),
      currentPassword: 'c'.repeat(9_000),
      newPassword: 'n'.repeat(9_000),
    }),
  ],
];

it('answers every hostile body on every route with an error of the catalogue and lives on', async () => {
  await using app = await createTestApp({ env: { RATE_LIMITS: 'off' } });
  const { accessToken: token } = await registerUser(app.call);
  for (const [method, path] of routes) {
    for (const [name, raw] of hostile) {
      const reply = await app.call(method, path, { raw, token: path === '/v1/auth/logout' ? undefined : token });
      const label = `${method} ${path} with ${name}: ${reply.status} ${JSON.stringify(reply.body)}`;
      // Routes without a body of their own take any JSON object or array.
      if (reply.status < 300) {
        assert.ok(
          ['/v1/auth/tickets', '/v1/auth/sessions/x'].includes(path) ||
            (path === '/v1/auth/guest' && name === 'nothing but spaces') ||
            (path === '/v1/users/me' && name === 'nothing but spaces'),
          label,
        );
        continue;
      }
      assert.match(reply.headers.get('content-type') ?? '', /^application\/problem\+json/, label);
      assert.ok(Object.hasOwn(errorCatalogue, String(reply.body.code)) && reply.status < 500, label);
      assert.equal(reply.body.status, reply.status, label);
      if (name === 'no JSON') assert.deepEqual([reply.status, reply.body.code], [400, 'invalid'], label);
      if (name === 'oversize') assert.deepEqual([reply.status, reply.body.code], [413, 'too_large'], label);
      if (name === 'invalid UTF-8') assert.deepEqual([reply.status, reply.body.code], [400, 'invalid'], label);
    }
  }
  assert.equal(Reflect.get({}, 'polluted'), undefined);
  assert.equal((await app.call('GET', '/v1/users/me', { token })).status, 200);
});

it('names the failing path of an invalid request', async () => {
  await using app = await createTestApp();
  const reply = await app.call('POST', '/v1/auth/register', { body: { email: 'no address', password: 'short' } });
  assert.deepEqual(
    [reply.status, reply.body.title, reply.body.type, reply.body.retryable],
    [422, errorCatalogue.invalid.message, 'about:blank', false],
  );
  assert.deepEqual(
    (reply.body.details as { path: string }[]).map((d) => d.path),
    ['email', 'password', 'displayName'],
  );
});

it('answers broken paths, headers and cookies with problems', async () => {
  await using app = await createTestApp();
  const { accessToken: token } = await registerUser(app.call);
  for (const path of [
    '/v1/users/%ff',
    '/v1/nothing',
    '/v1/',
    '/nothing',
    '/v1/users/me/nothing',
    '/openapi.jsonx',
    '/v1/auth/providers/x/start',
    '/v1/users/__proto__',
    '/v1/users/..%2f..%2fetc',
  ]) {
    const reply = await app.call('GET', path, { token });
    assert.ok([400, 404, 422].includes(reply.status), `${path}: ${reply.status}`);
    assert.match(reply.headers.get('content-type') ?? '', /problem\+json/, path);
  }
  for (const authorization of [
    'Bearer',
    'Bearer x',
    'Basic eDp5',
    `Bearer ${token} x`,
    `bearer ${token}x`,
    'Bearer ' + 'a'.repeat(8_000),
  ]) {
    assert.equal((await app.call('GET', '/v1/users/me', { headers: { authorization } })).status, 401, authorization.slice(0, 20));
  }
  for (const cookie of ['chat_access', 'chat_access=', '=;=;', 'chat_access="x"', ';;;', 'chat_access=%']) {
    assert.equal((await app.call('GET', '/v1/users/me', { headers: { cookie } })).status, 401, cookie);
  }
  assert.equal((await app.call('DELETE', '/v1/users/me', { token })).status, 404);
});

it('hides the cause of an unknown failure and says unavailable when Postgres is away', async () => {
  const router = Router();
  router.get('/v1/bug', () => {
    throw new Error('secret detail');
  });
  router.get('/v1/away', async () => {
    throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
  });
  router.get('/v1/limit', async () => {
    throw new ChatError('rate_limited', { retryAfterMs: 1_500 });
  });
  router.get('/v1/thrown', () => {
    throw 'a text';
  });
  const config = { trustedProxies: [], webRoot: undefined, secureCookies: false };
  await using server = await listen(createHttpApp({ config, log, isAllowedOrigin: () => false, routers: [router] }));
  const get = async (path: string) => {
    const res = await fetch(server.origin + path);
    return { status: res.status, retryAfter: res.headers.get('retry-after'), body: await res.text() };
  };
  const bug = await get('/v1/bug');
  assert.equal(bug.status, 500);
  assert.doesNotMatch(bug.body, /secret/);
  const away = await get('/v1/away');
  assert.deepEqual([away.status, away.retryAfter, JSON.parse(away.body).code], [503, '1', 'unavailable']);
  assert.deepEqual([(await get('/v1/limit')).status, (await get('/v1/limit')).retryAfter], [429, '2']);
  assert.equal((await get('/v1/thrown')).status, 500);
});

it('sends strict headers and names each request', async () => {
  await using app = await createTestApp();
  const { headers } = await app.call('GET', '/v1/auth/providers', { headers: { 'x-request-id': 'request-1234' } });
  const csp = headers.get('content-security-policy') ?? '';
  assert.match(csp, /default-src 'self'/);
  assert.doesNotMatch(csp, /unsafe-inline|'unsafe-eval'|\*/);
  for (const part of ["object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'"])
    assert.ok(csp.includes(part), part);
  assert.equal(headers.get('x-content-type-options'), 'nosniff');
  assert.equal(headers.get('x-frame-options'), 'DENY');
  assert.equal(headers.get('referrer-policy'), 'no-referrer');
  assert.equal(headers.get('cross-origin-opener-policy'), 'same-origin');
  assert.equal(headers.get('cross-origin-resource-policy'), 'same-origin');
  assert.equal(headers.get('cache-control'), 'no-store');
  assert.equal(headers.get('strict-transport-security'), null, 'over plain HTTP it would be a lie');
  await using https = await createTestApp({ env: { SECURE_COOKIES: 'on' } });
  const strict = (await https.call('GET', '/v1/auth/providers')).headers.get('strict-transport-security') ?? '';
  assert.match(strict, /max-age=31536000; includeSubDomains/);
  assert.equal(headers.get('x-powered-by'), null);
  assert.equal(headers.get('x-request-id'), 'request-1234');
  const other = await app.call('GET', '/v1/auth/providers', { headers: { 'x-request-id': 'a b' } });
  assert.match(other.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
});

it('writes no password, token, cookie or query into the log', async () => {
  await using app = await createTestApp();
  const user = await registerUser(app.call);
  const secret = 'hunter2-secret';
  await app.call('POST', '/v1/auth/login', { body: { email: user.email, password: secret } });
  await app.call('POST', '/v1/auth/login', { raw: `{"password":"${secret}"` });
  await app.call('GET', `/v1/users?q=${secret}`, { token: user.accessToken });
  await app.call('GET', `/v1/users/me?token=${secret}`, {
    headers: { cookie: `chat_access=${secret}`, authorization: `Bearer ${secret}` },
  });
  const ticket = await app.call('POST', '/v1/auth/tickets', { token: user.accessToken });
  await app.call('POST', '/v1/auth/password/change', { token: user.accessToken, body: { currentPassword: secret, newPassword: secret } });
  await app.call('POST', '/v1/auth/refresh', { body: { refreshToken: user.refreshToken } });
  await app.db.query('drop table tickets');
  await app.call('POST', '/v1/auth/tickets', { token: user.accessToken });
  const logged = app.lines.join('');
  assert.match(logged, /request handled/);
  assert.match(logged, /request failed/);
  for (const value of [secret, user.password, user.accessToken, user.refreshToken, String(ticket.body.ticket), user.email]) {
    assert.equal(logged.includes(value), false, `the log holds ${value.slice(0, 12)}`);
  }
});

it('lets pages of other allowed origins call, and no others', async () => {
  await using app = await createTestApp({ env: { ALLOWED_ORIGINS: 'https://app.example.org' } });
  const good = await app.call('OPTIONS', '/v1/users/me', { headers: { origin: 'https://app.example.org' } });
  assert.equal(good.headers.get('access-control-allow-origin'), 'https://app.example.org');
  const bad = await app.call('OPTIONS', '/v1/users/me', { headers: { origin: 'https://evil.example' } });
  assert.equal(bad.headers.get('access-control-allow-origin'), null);
});

it('publishes the keys with which its tokens verify', async () => {
  await using app = await createTestApp();
  const { accessToken } = await registerUser(app.call);
  const { body } = await app.call('GET', '/.well-known/jwks.json');
  const { createLocalJWKSet, jwtVerify } = await import('jose');
  const { payload } = await jwtVerify(accessToken, createLocalJWKSet(body as never));
  assert.equal(payload.iss, 'chatcluster');
});

it('serves the web app: hashed files for ever, the page for its addresses, never in place of a missing file', async () => {
  const webRoot = await mkdtemp(join(tmpdir(), '.web-'));
  try {
    await mkdir(join(webRoot, 'assets'));
    await Promise.all([
      writeFile(join(webRoot, 'index.html'), '<!doctype html>'),
      writeFile(join(webRoot, 'assets/a-1.js'), '1'),
      writeFile(join(webRoot, 'sw.js'), '2'),
    ]);
    const config = { trustedProxies: [], webRoot, secureCookies: false };
    await using server = await listen(createHttpApp({ config, log, isAllowedOrigin: () => false, routers: [] }));
    const get = async (path: string, accept = 'text/html') => {
      const res = await fetch(server.origin + path, { headers: { accept } });
      return [res.status, res.headers.get('cache-control'), (await res.text()).slice(0, 9)];
    };
    assert.deepEqual(await get('/assets/a-1.js'), [200, 'public, max-age=31536000, immutable', '1']);
    assert.deepEqual(await get('/sw.js'), [200, 'no-cache', '2']);
    for (const page of ['/', '/c/01900000-0000-7000-8000-000000000001', '/login'])
      assert.deepEqual(await get(page), [200, 'no-cache', '<!doctype'], page);
    for (const missing of ['/assets/gone', '/gone.js', '/v1/x', '/socket.io/', '/.well-known/x'])
      assert.equal((await get(missing))[0], 404, missing);
    for (const up of ['/..%2f..%2fetc%2fpasswd', '/assets/..%2f..%2fpackage.json', '/%00'])
      assert.notEqual((await get(up))[2], 'root:x:0:', up);
    assert.equal((await get('/login', 'application/json'))[0], 404);
  } finally {
    await rm(webRoot, { recursive: true });
  }
});

it('answers probes and metrics on the admin port', async () => {
  let ready = false;
  const snapshot = {
    connections: 1,
    maxConnections: 2,
    acceptPerSecond: 0,
    eventLoopUtilization: 0.1,
    loopLagP99Ms: 1,
    heapUsedRatio: 0.2,
    draining: false,
  };
  await using server = await listen(
    createAdminApp({ isLive: () => true, isReady: () => ready, registry: new Registry(), snapshot: () => snapshot, log }),
  );
  const get = async (path: string) => (await fetch(server.origin + path)).status;
  assert.deepEqual([await get('/livez'), await get('/readyz'), await get('/metrics'), await get('/x')], [200, 503, 200, 404]);
  ready = true;
  assert.equal(await get('/readyz'), 200);
  assert.deepEqual(await (await fetch(`${server.origin}/metrics.json`)).json(), snapshot);
  const posted = await new Promise<number | undefined>((resolve) =>
    request(`${server.origin}/livez`, { method: 'POST' }, (res) => (res.resume(), resolve(res.statusCode))).end(),
  );
  assert.equal(posted, 405);
});
