import assert from 'node:assert/strict';
import { it } from 'node:test';
import { eventually } from '@chatcluster/tools/testing';
import { createTestApp, registerUser } from '../transport/http/test-app.ts';
import { createAuth } from './auth.ts';

const origin = 'https://chat.example.org';

it('takes the first of the five ways that is present', async () => {
  await using app = await createTestApp({ env: { PUBLIC_URL: origin, TOKEN_IN_QUERY: 'on' } });
  const { accessToken: good, sessionId } = await registerUser(app.call);
  const cookie = `other=1; chat_access=${good}`;
  const ticket = async () => (await app.call('POST', '/v1/auth/tickets', { token: good })).body.ticket as string;
  const socket = (auth: unknown, headers: Record<string, string> = {}, query: Record<string, unknown> = {}) =>
    app.auth.authenticateSocket({ auth, headers, query });

  for (const way of [
    socket({ token: good }, { authorization: 'Bearer bad' }),
    socket({}, { authorization: `Bearer ${good}` }),
    socket({ ticket: await ticket() }),
    socket(undefined, {}, { ticket: await ticket() }),
    socket({}, { cookie, origin }),
    socket({}, {}, { token: good }),
  ])
    assert.equal((await way).sessionId, sessionId);

  const t = await ticket();
  const refused: [string, () => Promise<unknown>, string][] = [
    ['nothing', () => socket({}), 'unauthenticated'],
    ['a bad token before a good header', () => socket({ token: 'bad' }, { authorization: `Bearer ${good}` }), 'unauthenticated'],
    ['a bad header before a good ticket', () => socket({ ticket: t }, { authorization: 'Bearer bad' }), 'unauthenticated'],
    ['a bad ticket before a good cookie', () => socket({ ticket: 'bad' }, { cookie, origin }), 'unauthenticated'],
    ['a cookie without an Origin', () => socket({}, { cookie }), 'forbidden'],
    [
      'a cookie with a foreign Origin before a good query',
      () => socket({}, { cookie, origin: 'https://evil.example' }, { token: good }),
      'forbidden',
    ],
    ['inherited fields', () => socket(Object.create({ token: good })), 'unauthenticated'],
    ['a token of another type', () => socket({ token: { toString: () => good } }), 'unauthenticated'],
  ];
  for (const [name, attempt, code] of refused) await assert.rejects(attempt(), { code }, name);
});

it('refuses a token in the query unless it is switched on', async () => {
  await using app = await createTestApp();
  const { accessToken } = await registerUser(app.call);
  await assert.rejects(app.auth.authenticateSocket({ auth: {}, headers: {}, query: { token: accessToken } }), { code: 'unauthenticated' });
});

it('lets exactly one of many callers use a ticket, and none after its session ended', async () => {
  await using app = await createTestApp();
  const user = await registerUser(app.call);
  const { ticket, expiresIn } = (await app.call('POST', '/v1/auth/tickets', { token: user.accessToken })).body;
  assert.equal(expiresIn, 30);
  const answers = await Promise.allSettled(Array.from({ length: 10 }, () => app.auth.tickets.redeem(String(ticket))));
  assert.equal(answers.filter((a) => a.status === 'fulfilled').length, 1);
  const second = (await app.call('POST', '/v1/auth/tickets', { token: user.accessToken })).body.ticket;
  const third = (await app.call('POST', '/v1/auth/tickets', { token: user.accessToken })).body.ticket;
  await app.db.query("update tickets set expires_at = now() - interval '1 second' where used_at is null and hash = sha256($1)", [
    Buffer.from(String(third)),
  ]);
  await assert.rejects(app.auth.tickets.redeem(String(third)), { code: 'unauthenticated' });
  await app.auth.accounts.endSession(user.userId, user.sessionId);
  await assert.rejects(app.auth.tickets.redeem(String(second)), { code: 'unauthenticated' });
});

it('refuses a revoked session on this pod at once and on another one within 2 s without any message', async () => {
  await using app = await createTestApp();
  const told: string[] = [];
  await using other = await createAuth({
    db: app.db,
    config: app.config,
    passwords: { cost: { memoryCost: 8, timeCost: 1, parallelism: 1 } },
    log: (await import('pino')).pino({ level: 'silent' }),
    onRevoked: () => assert.fail('this pod has ended nothing'),
    onRevokedElsewhere: (event) => void told.push(...event.sessionIds),
  });
  const user = await registerUser(app.call);
  assert.equal((await other.authenticateToken(user.accessToken)).userId, user.userId);
  assert.equal((await app.call('DELETE', `/v1/auth/sessions/${user.sessionId}`, { token: user.accessToken })).status, 204);
  assert.equal((await app.call('GET', '/v1/users/me', { token: user.accessToken })).status, 401);
  await eventually(() => other.revocations.isRevoked(user.sessionId), { deadlineMs: 2_000 });
  await assert.rejects(other.authenticateToken(user.accessToken), { code: 'unauthenticated' });
  assert.deepEqual(told, [user.sessionId]);
  assert.deepEqual(
    app.revoked.map((r) => r.sessionIds),
    [[user.sessionId]],
  );
});
