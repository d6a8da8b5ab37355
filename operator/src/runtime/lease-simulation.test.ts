import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { KubeClient } from './client-types.ts';
import type { Clock } from './clock.ts';
import { ApiError, ConnectionError } from './errors.ts';
import { type Leadership, runElected } from './lease.ts';
import { type Claim, decideClaim, type Lease } from './lease-record.ts';
import { createTestingClock } from './testing-clock.ts';

/** mulberry32 */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One Lease with optimistic locking, behind a network that delays and loses requests and answers, and cuts candidates off. */
function createLeaseServer(clock: Clock, random: () => number) {
  let stored: Lease | undefined;
  let version = 0;
  const transit = (isCut: () => boolean, options?: { deadlineMs?: number }) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const lost = isCut() || random() < 0.1;
    const delayMs = lost ? (options?.deadlineMs ?? 10_000) : random() ** 4 * 4_000;
    clock.setTimer(delayMs, () => (lost ? reject(new ConnectionError('lost', { sent: true, cause: undefined })) : resolve()));
    return promise;
  };
  const conflict = () => new ApiError('changed', { status: 409, reason: 'Conflict' });
  const put = (lease: Lease) => {
    version += 1;
    stored = { ...lease, metadata: { ...lease.metadata, resourceVersion: `${version}` } };
    return stored;
  };
  const clientOf = (isCut: () => boolean): KubeClient => {
    async function call<T>(options: { deadlineMs?: number } | undefined, act: () => T): Promise<T> {
      await transit(isCut, options);
      const answer = act();
      await transit(isCut, options);
      return answer;
    }
    const client = {
      find: (_: unknown, _ref: unknown, options?: object) => call(options, () => stored),
      create: (_: unknown, lease: Lease, options?: object) =>
        call(options, () => {
          if (stored) throw new ApiError('there', { status: 409, reason: 'AlreadyExists' });
          return put(lease);
        }),
      replace: (_: unknown, lease: Lease, options?: object) =>
        call(options, () => {
          if (stored?.metadata.resourceVersion !== lease.metadata.resourceVersion) throw conflict();
          return put(lease);
        }),
      fenced: () => client,
    };
    return client as unknown as KubeClient;
  };
  return clientOf;
}

/** A process that may be frozen: its clock goes on, its timers wait. */
function createFreezable(clock: ReturnType<typeof createTestingClock>) {
  let frozenUntil = 0;
  const own: Clock = {
    now: clock.now,
    wall: clock.wall,
    setTimer(delayMs, action) {
      let cancel = clock.setTimer(delayMs, function fire() {
        const left = frozenUntil - clock.now();
        if (left > 0) cancel = clock.setTimer(left, fire);
        else action();
      });
      return () => cancel();
    },
  };
  return {
    clock: own,
    freeze: (ms: number) => {
      frozenUntil = clock.now() + ms;
    },
    isFrozen: () => clock.now() < frozenUntil,
  };
}

async function simulate(seed: number): Promise<{ terms: number; overlaps: number }> {
  const random = seeded(seed);
  const clock = createTestingClock();
  const clientOf = createLeaseServer(clock, random);
  const stop = new AbortController();
  let terms = 0;
  const candidates = Array.from({ length: 3 }, (_, index) => {
    const process = createFreezable(clock);
    const network = { cutUntil: 0 };
    const state: { leadership?: Leadership; abort: AbortController } = { abort: new AbortController() };
    const isActing = () => {
      if (process.isFrozen() || !state.leadership || state.leadership.signal.aborted) return false;
      try {
        state.leadership.check();
        return true;
      } catch {
        return false;
      }
    };
    const live = async () => {
      while (!stop.signal.aborted) {
        state.abort = new AbortController();
        await runElected({
          client: clientOf(() => clock.now() < network.cutUntil),
          namespace: 'n',
          name: 'l',
          identity: `${index}`,
          signal: AbortSignal.any([stop.signal, state.abort.signal]),
          clock: process.clock,
          random,
          async run(leadership) {
            terms += 1;
            state.leadership = leadership;
            await new Promise((resolve) => leadership.signal.addEventListener('abort', resolve));
            state.leadership = undefined;
          },
        });
      }
    };
    return { process, network, state, isActing, running: live() };
  });
  let overlaps = 0;
  for (let step = 0; step < 1_500; step += 1) {
    await clock.advanceSettled(200);
    const victim = candidates[Math.floor(random() * 3)];
    const fate = random();
    if (fate < 0.01) victim?.process.freeze(random() * 40_000);
    else if (fate < 0.02 && victim) victim.network.cutUntil = clock.now() + random() * 40_000;
    else if (fate < 0.025) victim?.state.abort.abort();
    if (candidates.filter(({ isActing }) => isActing()).length > 1) overlaps += 1;
  }
  stop.abort();
  for (let count = 0; count < 200; count += 1) await clock.advanceSettled(1_000);
  await Promise.all(candidates.map(({ running }) => running));
  return { terms, overlaps };
}

test('in five minutes of delays, losses, freezes and stops, two candidates never act at once', async () => {
  let terms = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1 }), async (seed) => {
      const result = await simulate(seed);
      terms += result.terms;
      assert.equal(result.overlaps, 0);
    }),
    { numRuns: 25 },
  );
  assert.ok(terms > 50, `${terms} terms`);
});

test('a lease of somebody else may be taken when its whole duration has passed unseen, not before', () => {
  const durations = fc.integer({ min: 1, max: 60 });
  fc.assert(
    fc.property(durations, durations, fc.nat(120_000), fc.constantFrom('', 'me', 'other'), (own, recorded, age, holderIdentity) => {
      const lease: Lease = { metadata: { name: 'l' }, spec: { holderIdentity, leaseDurationSeconds: recorded } };
      const claim: Claim = decideClaim({ lease, seenAt: 1_000 }, 'me', { now: 1_000 + age, leaseMs: own * 1_000 });
      assert.equal(claim.may, holderIdentity !== 'other' || age >= Math.max(own, recorded) * 1_000);
    }),
  );
});
