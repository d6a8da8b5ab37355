import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { it } from 'node:test';
import { createTestApp, type Reply } from '../transport/http/test-app.ts';

const env = { SIGNUP_CHALLENGE: 'on', SIGNUP_CHALLENGE_BITS: '8' };
const outcome = ({ status, body }: Reply) => [status, body.code];

function solve(challenge: string, isGood: (firstByte: number) => boolean = (byte) => byte === 0): { challenge: string; nonce: string } {
  for (let n = 0; ; n += 1) {
    const nonce = String(n);
    if (isGood(createHash('sha256').update(`${challenge}:${nonce}`).digest()[0]!)) return { challenge, nonce };
  }
}

async function setUp() {
  const app = await createTestApp({ env });
  const challenge = async () => String((await app.call('GET', '/v1/auth/challenge')).body.challenge);
  const guest = (proof?: object) => app.call('POST', '/v1/auth/guest', { body: { proof } });
  return { app, challenge, guest, [Symbol.asyncDispose]: () => app[Symbol.asyncDispose]() };
}

it('lets in whoever did the work, once per challenge', async () => {
  await using t = await setUp();
  const { body } = await t.app.call('GET', '/v1/auth/challenge');
  assert.deepEqual([body.required, body.algorithm, body.difficulty, body.expiresIn], [true, 'sha256', 8, 300]);
  const proof = solve(String(body.challenge));
  assert.equal((await t.guest(proof)).status, 201);
  assert.deepEqual(outcome(await t.guest(proof)), [403, 'forbidden']);
  const register = { email: 'ada@example.org', password: 'correct horse', displayName: 'Ada' };
  assert.deepEqual(outcome(await t.app.call('POST', '/v1/auth/register', { body: register })), [403, 'forbidden']);
  const again = { ...register, proof: solve(await t.challenge()) };
  assert.equal((await t.app.call('POST', '/v1/auth/register', { body: again })).status, 201);
  assert.equal((await t.app.call('POST', '/v1/auth/login', { body: register })).status, 200, 'signing in needs no work');
});

it('refuses no work, other work, and challenges that are not its own', async () => {
  await using t = await setUp();
  const lazy = solve(await t.challenge(), (byte) => byte !== 0);
  const [random, ends, , mac] = (await t.challenge()).split('.');
  const easier = `${random}.${ends}.1.${mac}`;
  const later = `${random}.${Number(ends) + 9_000}.8.${mac}`;
  for (const proof of [undefined, lazy, solve(easier), solve(later), { challenge: 'x', nonce: 'y' }]) {
    const reply = await t.guest(proof);
    assert.deepEqual([...outcome(reply), reply.body.details], [403, 'forbidden', { challenge: 'required' }]);
  }
});

it('asks for nothing where it is off', async () => {
  await using app = await createTestApp();
  assert.deepEqual((await app.call('GET', '/v1/auth/challenge')).body, { required: false });
  assert.equal((await app.call('POST', '/v1/auth/guest', { body: {} })).status, 201);
});
