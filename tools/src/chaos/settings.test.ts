import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseChaosSettings } from './settings.ts';

test('without settings both ways to fan out run with all faults and a seed of their own', () => {
  assert.deepEqual(parseChaosSettings({}, 5), { fanouts: ['routed', 'streams-adapter'], only: undefined, seed: 5 });
});

test('a seed, a way to fan out and a pattern of faults can be chosen', () => {
  const { fanouts, only, seed } = parseChaosSettings({ FANOUT: 'streams-adapter', FAULT: '^redis', SEED: '9' }, 5);
  assert.deepEqual([fanouts, seed], [['streams-adapter'], 9]);
  assert.ok(only?.test('Redis frozen'));
  assert.ok(!only?.test('kill of Redis'));
});

test('a mistake is told by the name of its variable', () => {
  for (const [name, value] of [
    ['FANOUT', 'memory'],
    ['SEED', 'x'],
    ['SEED', '-1'],
    ['FAULT', '('],
  ] as const)
    assert.throws(() => parseChaosSettings({ [name]: value }, 5), new RegExp(`^ServiceError: ${name}=`));
});
