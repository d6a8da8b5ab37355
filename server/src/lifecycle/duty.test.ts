import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { pino } from 'pino';
import { createDatabase, eventually } from '@chatcluster/tools/testing';
import { openDuty } from './duty.ts';

async function setUp() {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await createDatabase());
  const db = stack.adopt(new pg.Pool({ connectionString: database.url, max: 6 }), (pool) => pool.end());
  db.on('error', () => undefined);
  return {
    db,
    pod({
      role = 'all' as const,
      leaseMs = 1_500,
      pollMs = 10,
      step = async () => false,
    }: {
      role?: 'all' | 'realtime';
      leaseMs?: number;
      pollMs?: number;
      step?: () => Promise<boolean>;
    } = {}) {
      const pod = { steps: 0, isConnected: true };
      const duty = openDuty({ role }, { db, log: pino({ level: 'silent' }), isPostgresReachable: () => pod.isConnected, leaseMs });
      duty.repeat('counting', pollMs, async () => {
        pod.steps += 1;
        return step();
      });
      stack.use(duty);
      return Object.assign(pod, { stop: () => duty[Symbol.asyncDispose]() });
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

const works = (pod: { steps: number }) => {
  const before = pod.steps;
  return eventually(() => pod.steps > before + 2, { deadlineMs: 30_000 });
};

it('is done by one pod, and by another as soon as that one stops', async () => {
  await using t = await setUp();
  // A lease so long that only its release can hand the work over.
  const first = t.pod({ leaseMs: 600_000 });
  await works(first);
  const second = t.pod({ leaseMs: 1_500 });
  await works(first);
  assert.equal(second.steps, 0);
  await first.stop();
  await works(second);
});

it('goes to another pod when the one on duty is cut off, which then leaves it', async () => {
  await using t = await setUp();
  const first = t.pod();
  await works(first);
  const second = t.pod();
  first.isConnected = false;
  await works(second);
  const { steps } = first;
  first.isConnected = true;
  await works(second);
  assert.equal(first.steps, steps);
});

it('goes on after a step that failed', async () => {
  await using t = await setUp();
  const pod = t.pod({ step: () => Promise.reject(new Error('not this time')) });
  await works(pod);
});

it('is nothing for pods that hold sockets only', async () => {
  await using t = await setUp();
  const realtime = t.pod({ role: 'realtime' });
  await works(t.pod());
  assert.equal(realtime.steps, 0);
});

it('rests for as long as it worked while more is waiting', async () => {
  await using t = await setUp();
  const pod = t.pod({ pollMs: 1_000, step: () => delay(50, true) });
  await works(pod);
  const [steps, startedAt] = [pod.steps, performance.now()];
  await eventually(() => pod.steps >= steps + 5, { deadlineMs: 30_000 });
  const perStep = (performance.now() - startedAt) / (pod.steps - steps);
  // Fifty without a rest, a thousand with one as long as between two looks.
  assert.ok(perStep > 80 && perStep < 800, `${perStep} ms`);
});
