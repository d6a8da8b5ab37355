import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createQueue, type QueueOptions } from './queue.ts';
import { createTestingClock } from './testing-clock.ts';

function setup(options: Omit<QueueOptions, 'clock'> = {}) {
  const clock = createTestingClock();
  return { clock, queue: createQueue({ clock, ...options }) };
}

test('a key that is queued already is not queued twice', async () => {
  const { queue } = setup();
  queue.add('a');
  queue.add('a');
  assert.equal(queue.length, 1);
  assert.equal(await queue.get(), 'a');
  assert.equal(queue.length, 0);
});

test('a key that is running is given to nobody else, and comes back once when it was added meanwhile', async () => {
  const { queue } = setup();
  queue.add('a');
  await queue.get();
  queue.add('a');
  queue.add('a');
  assert.equal(queue.length, 0);
  queue.done('a');
  assert.equal(queue.length, 1);
  assert.equal(await queue.get(), 'a');
  queue.done('a');
  assert.equal(queue.length, 0);
});

test('keys come in the order in which they were added, to waiting workers too', async () => {
  const { queue } = setup();
  const first = queue.get();
  for (const key of ['a', 'b', 'c']) queue.add(key);
  assert.deepEqual([await first, await queue.get(), await queue.get()], ['a', 'b', 'c']);
});

test('of several delayed adds of one key only the earliest counts', () => {
  const { clock, queue } = setup();
  queue.addAfter('a', 1_000);
  queue.addAfter('a', 200);
  queue.addAfter('a', 500);
  assert.equal(clock.timers, 1);
  clock.advance(199);
  assert.equal(queue.length, 0);
  clock.advance(1);
  assert.equal(queue.length, 1);
  assert.equal(clock.timers, 0);
});

test('backoff doubles from 5 ms to 1,000 s and starts over after forget', async () => {
  const { clock, queue } = setup({ limits: { burst: 1_000 } });
  const delays: number[] = [];
  for (let count = 0; count < 20; count += 1) {
    queue.addRateLimited('a');
    const from = clock.now();
    while (queue.length === 0) clock.advance(clock.now() === from ? 5 : 5 - ((clock.now() - from) % 5));
    delays.push(clock.now() - from);
    await queue.get();
    queue.done('a');
  }
  assert.deepEqual(delays.slice(0, 4), [5, 10, 20, 40]);
  assert.equal(delays.at(-1), 1_000_000);
  assert.equal(queue.retries('a'), 20);
  queue.forget('a');
  assert.equal(queue.retries('a'), 0);
});

test('retries of all keys together keep to 10 a second after a burst of 100', async () => {
  const { clock, queue } = setup();
  for (let count = 0; count < 150; count += 1) queue.addRateLimited(`k${count}`);
  clock.advance(5);
  assert.equal(queue.length, 100);
  clock.advance(1_000);
  assert.equal(queue.length, 110);
  clock.advance(4_000);
  assert.equal(queue.length, 150);
});

test('a retry waits at least as long as the server asked for', () => {
  const { clock, queue } = setup();
  queue.addRateLimited('a', 3_000);
  clock.advance(2_999);
  assert.equal(queue.length, 0);
  clock.advance(1);
  assert.equal(queue.length, 1);
});

test('shutdown drains: queued keys are still handed out, then workers are sent home', async () => {
  const { clock, queue } = setup();
  queue.add('a');
  queue.add('b');
  queue.addAfter('c', 10);
  assert.equal(await queue.get(), 'a');
  let ended = false;
  const shutdown = queue.shutdown().then(() => {
    ended = true;
  });
  queue.add('d');
  assert.equal(clock.timers, 0);
  assert.equal(await queue.get(), 'b');
  assert.equal(await queue.get(), undefined);
  queue.done('a');
  await Promise.resolve();
  assert.equal(ended, false);
  queue.done('b');
  await shutdown;
});

test('shutdown without draining drops what is queued and waits for what runs', async () => {
  const { queue } = setup();
  queue.add('a');
  queue.add('b');
  await queue.get();
  queue.add('a');
  const shutdown = queue.shutdown({ drain: false });
  assert.equal(await queue.get(), undefined);
  queue.done('a');
  await shutdown;
  assert.equal(queue.length, 0);
});

test('observers learn of adds, retries, waiting and working times, and depth', async () => {
  const seen: unknown[] = [];
  const { clock, queue } = setup({
    observer: {
      added: (key) => seen.push(['added', key]),
      retried: (key) => seen.push(['retried', key]),
      started: (key, ms) => seen.push(['started', key, ms]),
      finished: (key, ms) => seen.push(['finished', key, ms]),
      depth: (length) => seen.push(['depth', length]),
    },
  });
  queue.add('a');
  clock.advance(7);
  await queue.get();
  clock.advance(3);
  queue.done('a');
  queue.addRateLimited('a');
  assert.deepEqual(seen, [
    ['added', 'a'],
    ['depth', 1],
    ['started', 'a', 7],
    ['depth', 0],
    ['finished', 'a', 3],
    ['retried', 'a'],
  ]);
});

type Step = { do: 'add' | 'after' | 'rate' | 'take' | 'done'; key: string; ms: number };
const steps = fc.array(
  fc.record<Step>({
    do: fc.constantFrom('add', 'after', 'rate', 'take', 'done'),
    key: fc.constantFrom('a', 'b', 'c', 'd'),
    ms: fc.integer({ min: 0, max: 50 }),
  }),
  { maxLength: 200 },
);

test('whatever happens in whatever order, no key runs twice at once and no add is lost', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const { clock, queue } = setup();
      const running = new Set<string>();
      /** Keys that were added since they last started. */
      const owed = new Set<string>();
      const take = async () => {
        if (queue.length === 0) return;
        const key = await queue.get();
        assert.ok(key !== undefined && !running.has(key), 'a running key was handed out');
        running.add(key);
        owed.delete(key);
      };
      for (const { do: what, key, ms } of script) {
        if (what === 'add') queue.add(key);
        if (what === 'after') queue.addAfter(key, ms);
        if (what === 'rate') queue.addRateLimited(key);
        if (what === 'take') await take();
        if (what === 'done' && running.delete(key)) queue.done(key);
        // Delayed adds count as owed from the start: the clock runs to their end below.
        if (what !== 'take' && what !== 'done') owed.add(key);
        clock.advance(ms);
        assert.ok(queue.length <= 4);
      }
      for (const key of running) queue.done(key);
      running.clear();
      clock.advance(10_000_000);
      while (queue.length > 0) {
        await take();
        for (const key of running) queue.done(key);
        running.clear();
      }
      assert.deepEqual([...owed], []);
      assert.equal(clock.timers, 0);
    }),
    { numRuns: 300 },
  );
});
