import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { createLog } from '../log.ts';
import { createGate } from './gate.ts';

function createFixture(t: TestContext, options: Partial<typeof defaults> = {}) {
  const state = { ...defaults, ...options };
  const asked: string[] = [];
  const gate = createGate({
    isPostgresReachable: () => state.isReachable,
    isRedisUsable: () => state.isRedisUsable,
    async tellLease() {
      asked.push('lease');
      return state.isTold;
    },
    async listPending() {
      asked.push('list');
      return state.pending;
    },
    log: createLog('silent', 'test'),
    now: () => state.nowMs,
  });
  t.after(() => gate[Symbol.dispose]());
  const look = async () => {
    gate.look();
    await turn();
  };
  return { gate, state, asked, look };
}

const defaults = { isReachable: true, isRedisUsable: true, isTold: true, pending: [] as string[], nowMs: 0 };

describe('the gate past the queue', () => {
  it('opens after the lease was told and then the list was read', async (t) => {
    const { gate, asked, look } = createFixture(t, { pending: ['c'] });
    assert.equal(gate.isOpen(), false);
    await look();
    assert.deepEqual([gate.isOpen(), gate.isPending('c'), gate.isPending('d')], [true, true, false]);
    assert.deepEqual(asked, ['lease', 'list']);
  });

  it('stays closed while Redis does not hold the lease', async (t) => {
    const { gate, asked, look } = createFixture(t, { isTold: false });
    await look();
    assert.equal(gate.isOpen(), false);
    assert.deepEqual(asked, ['lease']);
  });

  it('closes at once when Postgres goes, also in the middle of opening', async (t) => {
    const { gate, state, look } = createFixture(t);
    gate.look();
    state.isReachable = false;
    await look();
    assert.equal(gate.isOpen(), false);
    assert.equal(await gate.opened(1_000), false);
  });

  it('is closed for a pod that stood still, until it has asked again', async (t) => {
    const { gate, state, look } = createFixture(t);
    await look();
    state.nowMs = 4_000;
    assert.equal(gate.isOpen(), false);
    state.pending = ['c'];
    await look();
    assert.deepEqual([gate.isOpen(), gate.isPending('c')], [true, true]);
  });

  it('opens without Redis, where nobody can queue', async (t) => {
    const { gate, look } = createFixture(t, { isRedisUsable: false });
    await look();
    assert.equal(gate.isOpen(), true);
  });

  it('stays closed without Redis when a queue may be lying there', async (t) => {
    const { gate, state, look } = createFixture(t, { isReachable: false });
    await look();
    Object.assign(state, { isReachable: true, isRedisUsable: false });
    await look();
    assert.equal(gate.isOpen(), false);
    state.isRedisUsable = true;
    await look();
    assert.equal(gate.isOpen(), true);
  });

  it('wakes those who wait for it', async (t) => {
    const { gate } = createFixture(t);
    assert.equal(await gate.opened(1_000), true);
  });
});
