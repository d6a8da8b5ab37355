import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SignJWT } from 'jose';
import pg from 'pg';
import { pino } from 'pino';
import { createDatabase } from '@chatcluster/tools/testing';
import { createAccessTokens } from './access-token.ts';
import { createKeys, type KeyOptions } from './keys.ts';

const log = pino({ level: 'silent' });
const subject = { userId: '01900000-0000-7000-8000-000000000001', sessionId: '01900000-0000-7000-8000-000000000002', guest: false };

async function setUp() {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await createDatabase());
  const db = stack.adopt(new pg.Pool({ connectionString: database.url, max: 4 }), (p) => p.end());
  const pod = async (options: Partial<KeyOptions> = {}) =>
    stack.use(await createKeys({ db, log, accessTokenSeconds: 900, activateMs: 0, ...options }));
  return { db, pod, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

it('gives pods that start at once the same keys', async () => {
  await using t = await setUp();
  const pods = await Promise.all(Array.from({ length: 6 }, () => t.pod()));
  assert.equal(new Set(pods.map((p) => JSON.stringify(p.jwks()))).size, 1);
  assert.equal(new Set(pods.map((p) => p.mac('x').toString('hex'))).size, 1);
  assert.equal(pods[0]!.jwks().keys.length, 1);
});

it('publishes no private part', async () => {
  await using t = await setUp();
  const keys = await t.pod();
  assert.deepEqual(Object.keys(keys.jwks().keys[0]!).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x']);
});

it('signs with the new key after a rotation and verifies tokens of the old one', async () => {
  await using t = await setUp();
  const [a, b] = [await t.pod(), await t.pod()];
  const old = await createAccessTokens({ keys: a, accessTokenSeconds: 900 }).sign(subject);
  await a.rotate();
  const fresh = await createAccessTokens({ keys: a, accessTokenSeconds: 900 }).sign(subject);
  await b.reload();
  const tokens = createAccessTokens({ keys: b, accessTokenSeconds: 900 });
  assert.equal((await tokens.verify(old)).userId, subject.userId);
  assert.equal((await tokens.verify(fresh)).userId, subject.userId);
  assert.equal(a.signingKey().kid, 'ed25519-2');
});

it('waits with a new key until every pod has read it', async () => {
  await using t = await setUp();
  const keys = await t.pod({ activateMs: 60_000 });
  await t.db.query("update signing_keys set created_at = created_at - interval '1 hour'");
  await keys.rotate();
  assert.equal(keys.jwks().keys.length, 2);
  assert.equal(keys.signingKey().kid, 'ed25519-1');
});

it('forgets an old key, and cached tokens of it, once its last token has expired', async () => {
  await using t = await setUp();
  const keys = await t.pod();
  const tokens = createAccessTokens({ keys, accessTokenSeconds: 900 });
  const old = await tokens.sign(subject);
  await tokens.verify(old);
  await keys.rotate();
  await t.db.query("update signing_keys set retired_at = now() - interval '1 hour' where retired_at is not null");
  await keys.reload();
  await assert.rejects(tokens.verify(old), { code: 'token_expired' }, 'whoever may refresh stays signed in');
});

it('replaces a key that is too old by itself', async () => {
  await using t = await setUp();
  const keys = await t.pod({ rotateMs: 3_600_000 });
  await t.db.query("update signing_keys set created_at = now() - interval '2 hours'");
  await keys.reload();
  assert.equal(keys.signingKey().kid, 'ed25519-2');
});

it('verifies what it signed and refuses everything else', async () => {
  await using t = await setUp();
  const keys = await t.pod();
  let now = Date.now();
  const tokens = createAccessTokens({ keys, accessTokenSeconds: 900, now: () => now });
  const token = await tokens.sign({ ...subject, guest: true });
  const principal = await tokens.verify(token);
  assert.deepEqual(principal, { ...subject, guest: true, expiresAt: (Math.floor(now / 1_000) + 900) * 1_000 });

  const forge = (alg: string, edit: (jwt: SignJWT) => SignJWT, key: Parameters<SignJWT['sign']>[0] = keys.signingKey().privateKey) =>
    edit(
      new SignJWT({ sid: subject.sessionId })
        .setProtectedHeader({ alg, kid: keys.signingKey().kid, typ: 'at+jwt' })
        .setSubject(subject.userId)
        .setIssuer('chatcluster')
        .setAudience('chatcluster')
        .setExpirationTime('5m'),
    ).sign(key);
  await assert.doesNotReject(forge('EdDSA', (j) => j).then(tokens.verify), 'the forging helper itself makes good tokens');
  const [head, body, mac] = token.split('.');
  const none = `${Buffer.from('{"alg":"none","typ":"at+jwt"}').toString('base64url')}.${body}.`;
  const bad = [
    '',
    'x',
    'a.b.c',
    none,
    `${head}.${body}.`,
    `${head}.${body}.${mac!.slice(0, -4)}AAAA`,
    'a'.repeat(8_000),
    await forge('EdDSA', (j) => j.setAudience('other')),
    await forge('EdDSA', (j) => j.setIssuer('other')),
    await forge('EdDSA', (j) => j.setSubject('not a uuid')),
    // The published key as an HMAC secret: the classic confusion of algorithms.
    await forge('HS256', (j) => j, Buffer.from(keys.jwks().keys[0]!.x!.padEnd(64))),
  ];
  for (const wrong of bad) await assert.rejects(tokens.verify(wrong), { code: 'unauthenticated' }, wrong.slice(0, 40));

  now += 900_001;
  await assert.rejects(tokens.verify(token), { code: 'token_expired' }, 'from the cache');
  await assert.rejects(tokens.verify(token), { code: 'token_expired' }, 'verified');
});
