import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { batched } from './batched.ts';

function recorder() {
  const loads: number[][] = [];
  const double = batched(async (keys: number[]) => {
    loads.push(keys);
    if (keys.includes(-1)) throw new Error('no number below zero');
    return (key: number) => 2 * key;
  });
  return { loads, double };
}

describe('batched', () => {
  it('asks in one go for what is asked for in one turn', async () => {
    const { loads, double } = recorder();
    assert.deepEqual(await Promise.all([1, 2, 3].map(double)), [2, 4, 6]);
    assert.deepEqual(loads, [[1, 2, 3]]);
  });

  it('asks again for what it was asked before: nothing is kept', async () => {
    const { loads, double } = recorder();
    assert.deepEqual([await double(1), await double(1)], [2, 2]);
    assert.deepEqual(loads, [[1], [1]]);
  });

  it('waits for company while there was some, and lets a lone one go at once', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { loads, double } = recorder();
    await Promise.all([1, 2].map(double));
    const first = double(3);
    await setImmediate();
    const second = double(4);
    t.mock.timers.tick(10);
    await Promise.all([first, second]);
    const third = double(5);
    await setImmediate();
    assert.deepEqual(
      loads,
      [
        [1, 2],
        [3, 4],
      ],
      'the last had company, so this one waits for some',
    );
    t.mock.timers.tick(10);
    await third;
    // No timer is moved on any more.
    await double(6);
    assert.deepEqual(loads, [[1, 2], [3, 4], [5], [6]]);
  });

  it('refuses those of a load that failed, and no others', async () => {
    const { double } = recorder();
    const refused = await Promise.allSettled([1, -1].map(double));
    assert.deepEqual(
      refused.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    assert.equal(await double(1), 2);
  });
});
