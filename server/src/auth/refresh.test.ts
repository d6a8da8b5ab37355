import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTestApp, registerUser } from '../transport/http/test-app.ts';

const START = Date.now();
const DAY = 86_400;

/** Each row: refreshes of one session as [token, at second, expected token or 'revoked']; token 0 comes from sign-up. */
const table: { name: string; calls: [token: number, atSeconds: number, expect: number | 'revoked'][] }[] = [
  {
    name: 'rotates with each use',
    calls: [
      [0, 0, 1],
      [1, 60, 2],
      [2, 120, 3],
    ],
  },
  {
    name: 'gives the same successor to a token used again before the successor was used',
    calls: [
      [0, 0, 1],
      [0, 5, 1],
      [0, 3_600, 1],
      [0, DAY - 1, 1],
    ],
  },
  {
    name: 'still gives it 9 s after the successor was first used',
    calls: [
      [0, 0, 1],
      [1, 100, 2],
      [0, 109, 1],
    ],
  },
  {
    name: 'revokes 11 s after the successor was first used',
    calls: [
      [0, 0, 1],
      [1, 100, 2],
      [0, 111, 'revoked'],
      [2, 112, 'revoked'],
    ],
  },
  {
    name: 'revokes after 24 h although the successor was never used',
    calls: [
      [0, 0, 1],
      [0, DAY + 1, 'revoked'],
      [1, DAY + 2, 'revoked'],
    ],
  },
  {
    name: 'keeps the successor of a lost answer usable for as long as the session',
    calls: [
      [0, 0, 1],
      [1, 20 * DAY, 2],
    ],
  },
  {
    name: 'lets the 24 h end earlier than the 10 s',
    calls: [
      [0, 0, 1],
      [1, DAY - 5, 2],
      [0, DAY - 1, 1],
      [0, DAY + 1, 'revoked'],
    ],
  },
  {
    name: 'revokes for a token of many generations ago',
    calls: [
      [0, 0, 1],
      [1, 20, 2],
      [2, 40, 3],
      [3, 60, 4],
      [0, 70, 'revoked'],
    ],
  },
  {
    name: 'follows a quick chain within 10 s',
    calls: [
      [0, 0, 1],
      [1, 1, 2],
      [2, 2, 3],
      [0, 3, 1],
      [1, 4, 2],
    ],
  },
];

const DEVICE = { address: '127.0.0.1' };

describe('refresh tokens', async () => {
  for (const { name, calls } of table) {
    it(name, async () => {
      let seconds = 0;
      await using app = await createTestApp({ now: () => new Date(START + seconds * 1_000) });
      const { accounts } = app.auth;
      const first = await accounts.guest({}, DEVICE);
      const tokens = [first.refreshToken];
      for (const [token, at, expected] of calls) {
        seconds = at;
        const answer = accounts.refresh(tokens[token]!);
        if (expected === 'revoked') await assert.rejects(answer, { code: 'unauthenticated' }, `token ${token} at ${at} s`);
        else tokens[expected] ??= (await answer).refreshToken;
        if (expected !== 'revoked') assert.equal((await answer).refreshToken, tokens[expected], `token ${token} at ${at} s`);
      }
      const ends = calls.some((c) => c[2] === 'revoked');
      assert.deepEqual(app.revoked, ends ? [{ userId: first.user.id, sessionIds: [first.sessionId], code: 'revoked' }] : []);
      assert.equal(app.auth.revocations.isRevoked(first.sessionId), ends);
    });
  }

  it('gives all of many concurrent callers the same successor', async () => {
    await using app = await createTestApp();
    const { refreshToken } = await registerUser(app.call);
    const replies = await Promise.all(Array.from({ length: 20 }, () => app.call('POST', '/v1/auth/refresh', { body: { refreshToken } })));
    assert.deepEqual([...new Set(replies.map((r) => r.status))], [200]);
    assert.equal(new Set(replies.map((r) => r.body.refreshToken)).size, 1);
    const next = await app.call('POST', '/v1/auth/refresh', { body: { refreshToken: replies[0]!.body.refreshToken } });
    assert.equal(next.status, 200);
  });

  it('gives the same successor while it is used at the same time', async () => {
    await using app = await createTestApp();
    const { accounts } = app.auth;
    let current = (await accounts.guest({}, DEVICE)).refreshToken;
    for (let round = 0; round < 20; round++) {
      const old = current;
      const next = (await accounts.refresh(old)).refreshToken;
      const [again, after] = await Promise.all([accounts.refresh(old), accounts.refresh(next)]);
      assert.equal(again.refreshToken, next);
      current = after.refreshToken;
    }
    assert.deepEqual(app.revoked, []);
  });

  it('ends with the session, and an expired or forged one does nothing', async () => {
    let at = START;
    await using app = await createTestApp({ now: () => new Date(at) });
    const { accounts } = app.auth;
    const { refreshToken, sessionId } = await accounts.guest({}, DEVICE);
    const [id, , mac] = refreshToken.split('.');
    for (const bad of ['', 'x', `${id}.1.${mac}`, `${id}.0.${mac!.slice(1)}A`, `${refreshToken}=`, `${id}.00.${mac}`]) {
      await assert.rejects(accounts.refresh(bad), { code: 'unauthenticated' });
    }
    at += 31 * DAY * 1_000;
    await assert.rejects(accounts.refresh(refreshToken), { code: 'unauthenticated' });
    assert.deepEqual(app.revoked, []);
    assert.equal(app.auth.revocations.isRevoked(sessionId), false);
  });
});
