import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { it } from 'node:test';
import { createAccessTokens } from './access-token.ts';
import type { Keys } from './keys.ts';

const uuid = (n: number) => `01a20a48-0000-7000-8000-${n.toString().padStart(12, '0')}`;

it('a verified token is remembered until it is over, and then forgotten when another one is verified', async () => {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  let [verified, now] = [0, 1_000_000];
  const keys: Pick<Keys, 'signingKey' | 'publicKey' | 'onChange'> = {
    signingKey: () => ({ kid: 'one', privateKey }),
    publicKey() {
      verified += 1;
      return publicKey;
    },
    onChange: () => undefined,
  };
  const tokens = createAccessTokens({ keys: keys as Keys, accessTokenSeconds: 90, now: () => now });
  const sign = (n: number) => tokens.sign({ userId: uuid(n), sessionId: uuid(n), guest: false });

  const first = await sign(1);
  assert.equal((await tokens.verify(first)).userId, uuid(1));
  await tokens.verify(first);
  assert.equal(verified, 1);

  now += 60_000;
  const second = await sign(2);
  await tokens.verify(second);
  await tokens.verify(first);
  assert.equal(verified, 2, 'the first is not over yet');

  now += 60_000;
  await assert.rejects(tokens.verify(first), { code: 'token_expired' });
  await tokens.verify(first).catch(() => undefined);
  const before = verified;
  await tokens.verify(second);
  assert.equal(verified, before, 'the second is not over yet');
  await tokens.verify(await sign(3));

  // The only way to see from outside what is remembered: a clock that goes back.
  now -= 60_000;
  verified = 0;
  await tokens.verify(second);
  assert.equal(verified, 0);
  now += 100_000;
  await tokens.verify(await sign(4));
  now -= 100_000;
  verified = 0;
  await tokens.verify(second);
  assert.equal(verified, 1, 'it was forgotten when it was over');
});
