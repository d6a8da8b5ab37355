import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type Env, parseDuration, parseSettings, warmUpMs } from './settings.ts';

const URL = 'http://localhost:8080';

const durations: Record<string, number> = { '90s': 90_000, '1m30s': 90_000, '500ms': 500, '1.5h': 5_400_000 };
for (const [text, ms] of Object.entries(durations)) it(`reads ${text} as ${ms} ms`, () => assert.equal(parseDuration(text), ms));
it('reads nothing else as a duration', () => {
  for (const text of ['', '10', 's', '5 s', '-5s', '5sx']) assert.ok(Number.isNaN(parseDuration(text)), text);
});

it('lets the environment win over the scenario, and the scenario over the rest', () => {
  const settings = parseSettings({ URL: `${URL}/, http://b `, VUS: '7' }, { vus: 3, ratePerSecond: 9 });
  assert.deepEqual(settings.urls, [URL, 'http://b']);
  assert.deepEqual([settings.vus, settings.ratePerSecond, settings.socketsPerVu], [7, 9, 50]);
  assert.deepEqual(settings.restUrls, settings.urls);
});

it('makes no group larger than what one VU holds', () => {
  assert.equal(parseSettings({ URL, SOCKETS: '4' }).groupSize, 4);
});

it('starts sending when all clients had time to connect', () => {
  assert.equal(warmUpMs(parseSettings({ URL, VUS: '2', SOCKETS: '50', CONNECT_RATE: '100' })), 2_000);
  assert.equal(warmUpMs(parseSettings({ URL, CONNECT_RATE: '0' })), 1_000);
});

const wrong: Record<string, [Env, RegExp]> = {
  'no address': [{}, /^URL is not set; give .*URL=http/],
  'an address without a scheme': [{ URL: 'localhost:8080' }, /^URL="localhost:8080" must start with http/],
  'no VU': [{ URL, VUS: '0' }, /^VUS="0" must be a whole number of at least 1/],
  'half a socket': [{ URL, SOCKETS: '2.5' }, /^SOCKETS="2.5" must be a whole number/],
  'a rate that is a word': [{ URL, RATE: 'fast' }, /^RATE="fast" must be a number/],
  'a duration without a unit': [{ URL, DURATION: '30' }, /^DURATION="30" must be a duration such as/],
  'a credential that does not exist': [{ URL, CREDENTIAL: 'cookie' }, /^CREDENTIAL="cookie" must be one of token, ticket/],
};
for (const [sentence, [env, message]] of Object.entries(wrong)) {
  it(`refuses ${sentence} and names the variable`, () => assert.throws(() => parseSettings(env), { name: 'SettingsError', message }));
}
