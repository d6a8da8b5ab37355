import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { createPace, profiles, shareAt } from './profile.ts';

it('follows its points and is flat outside of them', () => {
  const line = [
    [0.2, 0.1],
    [0.4, 0.5],
  ] as const;
  assert.deepEqual(
    [0, 0.2, 0.3, 0.4, 1].map((at) => Number(shareAt(line, at).toFixed(3))),
    [0.1, 0.1, 0.3, 0.5, 0.5],
  );
});

it('keeps every share of every profile between 0 and 1', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), (at) => {
      for (const { clients, rate } of Object.values(profiles)) {
        for (const line of [clients, rate]) assert.ok(shareAt(line, at) >= 0 && shareAt(line, at) <= 1);
      }
    }),
  );
});

it('offers the rate exactly, however irregularly it is asked', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 500 }),
      (steps, rate) => {
        const due = createPace(() => rate);
        let elapsed = 0;
        let sent = 0;
        for (const step of steps) sent += due((elapsed += step));
        assert.ok(Math.abs(sent - (rate * elapsed) / 1_000) <= 1, `${sent} of ${(rate * elapsed) / 1_000}`);
      },
    ),
  );
});

it('offers nothing while the clients connect', () => {
  const due = createPace((ms) => (ms < 1_000 ? 0 : 100));
  assert.equal(due(500) + due(990), 0);
  assert.equal(due(1_100), 11);
});
