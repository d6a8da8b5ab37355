import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { audit } from '../src/audit.ts';
import { createPopulation } from '../src/population.ts';
import { refreshTokens } from '../src/rest.ts';
import { startPods } from './_pods.ts';

const TOKEN_SECONDS = 2;

test('what outlives the tokens that it began with is read to its end with newer ones', async () => {
  await using pods = await startPods(1, { ACCESS_TOKEN_SECONDS: `${TOKEN_SECONDS}` });
  const { urls } = pods.target;
  const ignore = () => undefined;
  const size = { users: 2, directsPerUser: 2, groups: 1, groupMaxMembers: 3, channels: 0, channelMaxMembers: 2 };
  const population = await createPopulation({ urls, kind: 'guests', size, seed: 1, onProgress: ignore, onPause: ignore });
  const { accounts, talks } = population;
  const active = talks.map((_, number) => number);
  let renewed = 0;
  const renewTokens = async () => {
    renewed += 1;
    for (const account of accounts) Object.assign(account, await refreshTokens(urls[0]!, account.refreshToken));
  };
  await pause((TOKEN_SECONDS + 1) * 1_000);
  assert.equal((await audit({ urls, population, active, renewTokens })).size, talks.length);
  assert.ok(renewed > 0);
  // Whoever is refused for another reason does not ask for ever.
  const wrong = { ...population, accounts: accounts.map((account) => ({ ...account, token: 'none' })) };
  await assert.rejects(audit({ urls, population: wrong, active, renewTokens: async () => undefined }), /401/);
});
