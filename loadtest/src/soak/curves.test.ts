import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noCounts } from '../meters.ts';
import type { Moment } from '../timeline.ts';
import { bytesPerMessage, judgeSoak, longestLife } from './curves.ts';

const MIB = 2 ** 20;
const empty = { live: 1, unsent: 0, loopLagMs: 0, times: {}, byPod: {} };

function timeline(length: number, of: (t: number) => Partial<Moment>): Moment[] {
  return Array.from({ length }, (_, t) => ({ t, ...empty, counts: { ...noCounts(), acknowledged: 10 }, pods: {}, ...of(t) }));
}

test('the longest life of a process is the time between two of its restarts', () => {
  const restarts = [100, 400];
  const since = (t: number) => t - (restarts.filter((at) => at <= t).at(-1) ?? 0);
  const moments = timeline(500, (t) => ({ pods: { a: { cpuMs: since(t) * 5 } } }));
  const life = longestLife(moments, 'a');
  assert.deepEqual([life[0]?.t, life.at(-1)?.t], [100, 399]);
});

test('what leaks is named, what stays is not, and what comes after the load does not count', () => {
  const moments = timeline(1_300, (t) => ({
    pods: {
      a: { cpuMs: t, rssBytes: (100 + t / 20) * MIB, descriptors: 50 },
      b: { cpuMs: t, rssBytes: (t < 1_200 ? 100 : 900) * MIB, descriptors: 40 + t },
    },
    services: t % 5 === 0 ? { redisBytes: 20 * MIB, redisKeys: 500, otherBytes: (20 + t / 10) * MIB, historyBytes: t * MIB } : {},
  }));
  const verdicts = Object.fromEntries(judgeSoak(moments, 1_200).map(({ name, verdict }) => [name, verdict]));
  assert.deepEqual(verdicts, {
    'memory of a': 'grows',
    'open descriptors of a': 'flat',
    'memory of b': 'flat',
    'open descriptors of b': 'grows',
    'memory of Redis': 'flat',
    'keys of Redis': 'flat',
    'Postgres without the messages': 'grows',
  });
});

test('the messages may grow: their size is told per message', () => {
  const moments = timeline(101, (t) => (t % 5 === 0 ? { services: { historyBytes: 5_000 + t * 9_000 } } : {}));
  assert.equal(bytesPerMessage(moments), 900);
  assert.equal(bytesPerMessage(timeline(10, () => ({}))), undefined);
});
