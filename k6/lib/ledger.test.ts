import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Ledger } from './ledger.ts';

const create = () => new Ledger({ lossAfterMs: 5_000 });

it('counts what an acknowledged message still misses after the time', () => {
  const ledger = create();
  ledger.sent('m', [0, 1, 2], 0);
  ledger.acked('m');
  assert.equal(ledger.received('m', 1), true);
  assert.equal(ledger.sweep(4_999), 0);
  assert.equal(ledger.sweep(5_000), 2);
  assert.equal(ledger.sweep(9_999), 0, 'a loss is counted once');
});

it('expects nothing of a message that was refused or not answered yet', () => {
  const ledger = create();
  ledger.sent('refused', [0], 0);
  ledger.sent('open', [0], 0);
  ledger.refused('refused');
  assert.equal(ledger.sweep(60_000), 0);
  assert.equal(ledger.size, 1);
});

it('is satisfied when the deliveries come before the answer', () => {
  const ledger = create();
  ledger.sent('m', [0], 0);
  assert.equal(ledger.received('m', 0), true);
  assert.equal(ledger.size, 1);
  ledger.acked('m');
  assert.equal(ledger.size, 0);
});

it('takes a second delivery to the same member, and one to somebody else, for nothing', () => {
  const ledger = create();
  ledger.sent('m', [0, 1], 0);
  assert.deepEqual(
    [ledger.received('m', 0), ledger.received('m', 0), ledger.received('m', 9), ledger.received('x', 0)],
    [true, false, false, false],
  );
});

it('expects nothing of a member who went offline', () => {
  const ledger = create();
  ledger.sent('m', [0, 1], 0);
  ledger.acked('m');
  ledger.received('m', 0);
  ledger.gone(1);
  assert.equal(ledger.size, 0);
  assert.equal(ledger.sweep(60_000), 0);
});
