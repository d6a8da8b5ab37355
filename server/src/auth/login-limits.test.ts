import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Redis } from 'ioredis';
import { redisUrl, uniquePrefix } from '@chatcluster/tools/testing';
import { createAuthLimits } from './login-limits.ts';

function connect(url: string): Redis {
  const redis = new Redis(url, { retryStrategy: () => 1_000 });
  redis.on('error', () => undefined);
  return redis;
}

const backends = {
  memory: () => undefined,
  redis: () => connect(redisUrl()),
  // Nothing listens there: the insurance counts.
  'absent redis': () => connect('redis://127.0.0.1:1'),
};

for (const [name, backend] of Object.entries(backends)) {
  describe(`login limits over ${name}`, () => {
    const open = () => {
      const redis = backend();
      const limits = createAuthLimits({ enabled: true, redis, redisPrefix: uniquePrefix() });
      return { limits, [Symbol.dispose]: () => redis?.disconnect() };
    };

    it('stops the eleventh wrong attempt of an address at an account, and nobody else', async () => {
      using t = open();
      for (let i = 0; i < 10; i++) await t.limits.login('ada@example.org', '192.0.2.1');
      await assert.rejects(
        t.limits.login('ada@example.org', '192.0.2.1'),
        (error: { code: string; retryAfterMs: number }) =>
          error.code === 'rate_limited' && error.retryAfterMs > 0 && error.retryAfterMs <= 900_000,
      );
      await t.limits.login('ada@example.org', '192.0.2.2');
      await t.limits.login('eve@example.org', '192.0.2.1');
    });

    it('does not count what was right', async () => {
      using t = open();
      for (let i = 0; i < 120; i++) await (await t.limits.login('ada@example.org', '192.0.2.1'))();
    });

    it('stops an address after 100 wrong attempts at any accounts', async () => {
      using t = open();
      const answers = await Promise.allSettled(Array.from({ length: 120 }, (_, i) => t.limits.login(`p${i}@example.org`, '192.0.2.1')));
      assert.equal(answers.filter((a) => a.status === 'fulfilled').length, 100);
    });

    it('limits sign-ups per address', async () => {
      using t = open();
      const answers = await Promise.allSettled(Array.from({ length: 70 }, () => t.limits.signUp('192.0.2.1')));
      assert.equal(answers.filter((a) => a.status === 'fulfilled').length, 60);
    });
  });
}

it('limits nothing when the limits are off', async () => {
  const limits = createAuthLimits({ enabled: false, redisPrefix: '' });
  for (let i = 0; i < 200; i++) await limits.login('ada@example.org', '192.0.2.1');
  for (let i = 0; i < 200; i++) await limits.signUp('192.0.2.1');
});
