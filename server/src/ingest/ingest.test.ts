import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { ChatError } from '@chatcluster/protocol/errors';
import type { AppendResult, AppendRow } from '../store/types.ts';
import { createIngest } from './ingest.ts';
import type { EnqueueOutcome } from './queue.ts';

const row = (id: string, conversationId = 'c'): AppendRow => ({
  conversationId,
  id,
  type: 'message',
  actorId: 'ada',
  clientMsgId: id,
  data: '{}',
  expectVersion: 1,
});

/** Both ways as the test wants them; `went` tells what arrived where, in order. */
function createFixture({ isOpen = true, isReachable = true, pending = [] as string[], hasRedis = true } = {}) {
  const state = { isOpen, isReachable, pending: new Set(pending) };
  const went: string[] = [];
  const asked: ((outcome: EnqueueOutcome) => void)[] = [];
  const stores: { resolve(result: AppendResult): void; reject(error: Error): void }[] = [];
  const lane = {
    gate: {
      isOpen: () => state.isOpen,
      isPending: (id: string) => state.pending.has(id),
      forget: (id: string) => void state.pending.delete(id),
      opened: async () => state.isOpen,
    },
    queue: {
      enqueue: ({ id }: { id: string }) => {
        went.push(`queue ${id}`);
        return new Promise<EnqueueOutcome>((resolve) => asked.push(resolve));
      },
    },
  };
  const ingest = createIngest({
    laneOf: () => (hasRedis ? lane : undefined),
    isPostgresReachable: () => state.isReachable,
    commit: {
      submit({ id }) {
        went.push(`store ${id}`);
        return new Promise((resolve, reject) => stores.push({ resolve, reject }));
      },
    },
  });
  return { ingest, state, went, asked, stores };
}

describe('the way of a row', () => {
  it('is straight to Postgres while nothing is queued', () => {
    const { ingest, went } = createFixture();
    void ingest.submit(row('1'));
    assert.deepEqual(went, ['store 1']);
  });

  it('is the queue while its conversation is on the list, and no other', () => {
    const { ingest, went } = createFixture({ pending: ['c'] });
    void ingest.submit(row('1'));
    void ingest.submit(row('2', 'd'));
    assert.deepEqual(went, ['queue 1', 'store 2']);
  });

  it('stays the queue behind one that is still asking, so that answers keep the order of the sends', async () => {
    const { ingest, went, asked } = createFixture({ pending: ['c'] });
    void ingest.submit(row('1'));
    void ingest.submit(row('2'));
    asked[0]?.({ status: 'direct' });
    await turn();
    void ingest.submit(row('3'));
    asked[1]?.({ status: 'direct' });
    await turn();
    asked[2]?.({ status: 'direct' });
    await turn();
    void ingest.submit(row('4'));
    assert.deepEqual(went, ['queue 1', 'queue 2', 'store 1', 'queue 3', 'store 2', 'store 3', 'store 4']);
  });

  it('turns to the queue when Postgres goes away under it, ahead of what comes after', async () => {
    const { ingest, went, state, stores, asked } = createFixture();
    const first = ingest.submit(row('1'));
    Object.assign(state, { isOpen: false, isReachable: false });
    stores[0]?.reject(Object.assign(new Error('gone'), { code: 'ECONNRESET' }));
    await turn();
    void ingest.submit(row('2'));
    asked[0]?.({ status: 'queued', at: 'now' });
    assert.deepEqual(await first, { status: 'queued', at: 'now', duplicate: false });
    assert.deepEqual(went, ['store 1', 'queue 1', 'queue 2']);
  });

  const refusals: Record<string, { fixture: Parameters<typeof createFixture>[0]; outcome: EnqueueOutcome; code: string }> = {
    'a pod that alone is cut off': { fixture: { isOpen: false, isReachable: false }, outcome: { status: 'direct' }, code: 'unavailable' },
    'nobody knows who reaches Postgres': { fixture: { isOpen: false }, outcome: { status: 'unknown' }, code: 'unavailable' },
    'the queue is full': { fixture: { isOpen: false }, outcome: { status: 'full' }, code: 'overloaded' },
  };
  for (const [name, { fixture, outcome, code }] of Object.entries(refusals)) {
    it(`ends with a hint when ${name}`, async () => {
      const { ingest, asked, went } = createFixture(fixture);
      const answer = ingest.submit(row('1'));
      asked[0]?.(outcome);
      await assert.rejects(answer, (error) => error instanceof ChatError && error.code === code && (error.retryAfterMs ?? 0) > 0);
      assert.deepEqual(went, ['queue 1']);
    });
  }

  it('is never past the check of its references', async () => {
    const { ingest, asked, went } = createFixture();
    const answer = ingest.submit(row('1'), { unchecked: true });
    asked[0]?.({ status: 'direct' });
    await assert.rejects(answer, { code: 'unavailable' });
    assert.deepEqual(went, ['queue 1']);
    await assert.rejects(createFixture({ hasRedis: false }).ingest.submit(row('1'), { unchecked: true }), { code: 'unavailable' });
  });
});
