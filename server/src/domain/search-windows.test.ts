import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nextWindowMs, SEARCH_BUDGET } from './search-windows.ts';

describe('the next window of a search from the newest message on', () => {
  const last = { lengthMs: 60_000, looked: 100 };

  it('is as long as the hits so far make likely to be enough', () => {
    // Every tenth message is a hit: 11 more are in about 110 messages, and some are added to be sure.
    const lengthMs = nextWindowMs({ lengthMs: 60_000, looked: 1_000 }, { looked: 1_000, hits: 100, wanted: 400 });
    assert.equal(lengthMs, 60_000 * 1.25 * 3);
  });

  it('grows while nothing is found, not beyond bounds', () => {
    assert.equal(nextWindowMs(last, { looked: 100, hits: 0, wanted: 21 }), 600_000);
    assert.equal(nextWindowMs({ lengthMs: 60_000, looked: 0 }, { looked: 0, hits: 0, wanted: 21 }), 16 * 60_000);
    assert.equal(nextWindowMs({ lengthMs: 60_000, looked: 3 }, { looked: 3, hits: 0, wanted: 21 }), 16 * 60_000);
  });

  it('is none where the words are rare, or the budget is spent', () => {
    assert.equal(nextWindowMs(last, { looked: 1_000, hits: 0, wanted: 21 }), undefined);
    assert.equal(nextWindowMs(last, { looked: 2_000, hits: 1, wanted: 21 }), undefined);
    assert.equal(nextWindowMs(last, { looked: SEARCH_BUDGET, hits: 20, wanted: 21 }), undefined);
    assert.notEqual(nextWindowMs(last, { looked: 2_000, hits: 10, wanted: 21 }), undefined);
  });
});
