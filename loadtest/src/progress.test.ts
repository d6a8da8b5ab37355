import assert from 'node:assert/strict';
import { test } from 'node:test';
import { noCounts } from './meters.ts';
import { describe, Progress } from './progress.ts';

function record(isTTY: boolean) {
  const written: string[] = [];
  let now = 0;
  const progress = new Progress({ isTTY, columns: 20, write: (text: string) => void written.push(text) }, () => now);
  return { written, progress, pass: (ms: number) => void (now += ms) };
}

test('on a terminal one line changes and never wraps', () => {
  const { written, progress } = record(true);
  progress.update('a'.repeat(50));
  assert.equal(written[0], `\r\u001b[2K${'a'.repeat(19)}`);
});

test('elsewhere there is a plain line every five seconds', () => {
  const { written, progress, pass } = record(false);
  progress.update('one');
  pass(1_000);
  progress.update('two');
  pass(5_000);
  progress.update('three');
  progress.say('kept');
  assert.deepEqual(written, ['one\n', 'three\n', 'kept\n']);
});

test('the line says at once when something is wrong', () => {
  const state = { atMs: 0, histograms: {}, people: 2, live: 2, caughtUp: 2, unsent: 1, byPod: {}, loopLagMs: 0 };
  const reading = { ...state, wrong: 3, counters: { ...noCounts(), acknowledged: 30, deliveries: 90 } };
  assert.equal(
    describe([reading], { acknowledged: 10, deliveries: 30 }, 2),
    '3 WRONG, 2 online, 10 acknowledged/s, 30 deliveries/s, 1 waiting',
  );
});
