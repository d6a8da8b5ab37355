import assert from 'node:assert/strict';
import { it } from 'node:test';
import pg from 'pg';
import { pino } from 'pino';
import { createDatabase, eventually } from '@chatcluster/tools/testing';
import { claimJobs, enqueueJob } from '../store/sql/jobs.ts';
import { createJobRunner, PermanentJobError, type JobRunnerDeps } from './runner.ts';

const log = pino({ level: 'silent' });

async function setUp() {
  const stack = new AsyncDisposableStack();
  const database = stack.use(await createDatabase());
  const db = stack.adopt(new pg.Pool({ connectionString: database.url, max: 6 }), (pool) => pool.end());
  // A connection that is closing may still be told that its database goes.
  db.on('error', () => undefined);
  return {
    db,
    pod: (options: Partial<JobRunnerDeps> = {}) =>
      stack.use(createJobRunner<string>({ db, log, pollMs: 20, backoffMs: 10, stopMs: 10_000, ...options })),
    waiting: async () => (await db.query('select kind, attempts, failed_at, last_error from jobs order by id')).rows,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

it('runs each job once over several pods, and leaves nothing behind', async () => {
  await using t = await setUp();
  const seen: number[] = [];
  const run = async (payload: unknown) => void seen.push((payload as { n: number }).n);
  for (let i = 0; i < 3; i += 1) t.pod().handle('count', { run });
  await Promise.all(Array.from({ length: 60 }, (_, n) => enqueueJob(t.db, { kind: 'count', payload: { n } })));
  await eventually(async () => (await t.waiting()).length === 0, { deadlineMs: 30_000 });
  assert.deepEqual(
    seen.sort((a, b) => a - b),
    Array.from({ length: 60 }, (_, n) => n),
  );
});

it('repeats what fails until it succeeds', async () => {
  await using t = await setUp();
  const attempts: number[] = [];
  t.pod().handle('flaky', {
    run: async (_payload, { attempt }) => {
      attempts.push(attempt);
      if (attempt < 4) throw new Error('not yet');
    },
  });
  await enqueueJob(t.db, { kind: 'flaky', payload: {} });
  await eventually(async () => (await t.waiting()).length === 0, { deadlineMs: 20_000 });
  assert.deepEqual(attempts, [1, 2, 3, 4]);
});

it('sets aside what cannot succeed, with the reason', async () => {
  await using t = await setUp();
  const pod = t.pod();
  pod.handle('hopeless', { run: () => Promise.reject(new PermanentJobError('no such thing')) });
  pod.handle('tired', { maxAttempts: 2, run: () => Promise.reject(new Error('again')) });
  for (const kind of ['hopeless', 'tired']) await enqueueJob(t.db, { kind, payload: {} });
  const rows = await eventually(async () => {
    const found = await t.waiting();
    return found.every((row) => row.failed_at !== null) && found;
  });
  assert.deepEqual(
    rows.map((row) => [row.kind, row.attempts, row.last_error]),
    [
      ['hopeless', 1, 'PermanentJobError: no such thing'],
      ['tired', 2, 'Error: again'],
    ],
  );
});

it('gives the job of a dead pod to another when its lease ends', async () => {
  await using t = await setUp();
  await enqueueJob(t.db, { kind: 'orphan', payload: { text: 'left alone' } });
  const taken = await claimJobs(t.db, { kinds: ['orphan'], limit: 1, lease: '00000000-0000-4000-8000-000000000000', leaseMs: 300 });
  assert.equal(taken.length, 1);
  const seen: unknown[] = [];
  t.pod().handle('orphan', { run: async (payload, { attempt }) => void seen.push([payload, attempt]) });
  await eventually(async () => (await t.waiting()).length === 0, { deadlineMs: 20_000 });
  assert.deepEqual(seen, [[{ text: 'left alone' }, 2]]);
});

it('keeps a long job for its pod by renewing the lease', async () => {
  await using t = await setUp();
  const release = Promise.withResolvers<void>();
  let starts = 0;
  const handler = {
    run: async () => {
      starts += 1;
      await release.promise;
    },
  };
  for (let i = 0; i < 2; i += 1) t.pod({ leaseMs: 9_000 }).handle('long', handler);
  await enqueueJob(t.db, { kind: 'long', payload: {} });
  await eventually(() => starts === 1);
  const endOfLease = async () => (await t.db.query<{ run_at: Date }>('select run_at from jobs')).rows[0]!.run_at.getTime();
  const first = await endOfLease();
  await eventually(async () => (await endOfLease()) > first + 1_000, { deadlineMs: 60_000 });
  assert.equal(starts, 1);
  release.resolve();
  await eventually(async () => (await t.waiting()).length === 0);
});

it('leaves kinds that it does not know to others', async () => {
  await using t = await setUp();
  let isDone = false;
  t.pod().handle('known', { run: async () => void (isDone = true) });
  await enqueueJob(t.db, { kind: 'of the next release', payload: {} });
  await enqueueJob(t.db, { kind: 'known', payload: {} });
  await eventually(() => isDone);
  await eventually(async () => (await t.waiting()).length === 1);
  assert.equal((await t.waiting())[0].attempts, 0);
});

it('adds no second job of a key while the first is unfinished', async () => {
  await using t = await setUp();
  assert.equal(await enqueueJob(t.db, { kind: 'digest', key: 'ada', payload: 1, delayMs: 600_000 }), true);
  assert.equal(await enqueueJob(t.db, { kind: 'digest', key: 'ada', payload: 2 }), false);
  assert.equal(await enqueueJob(t.db, { kind: 'digest', key: 'bob', payload: 3 }), true);
});

it('exists exactly if the transaction that wrote it commits', async () => {
  await using t = await setUp();
  const client = await t.db.connect();
  try {
    for (const end of ['rollback', 'commit']) {
      await client.query('begin');
      await enqueueJob(client, { kind: end, payload: {} });
      await client.query(end);
    }
  } finally {
    client.release();
  }
  assert.deepEqual(
    (await t.waiting()).map((row) => row.kind),
    ['commit'],
  );
});

it('gives a job back uncounted when its pod stops', async () => {
  await using t = await setUp();
  const pod = t.pod();
  let isStarted = false;
  pod.handle('slow', {
    run: (_payload, { signal }) => {
      isStarted = true;
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopping'))));
    },
  });
  await enqueueJob(t.db, { kind: 'slow', payload: {} });
  await eventually(() => isStarted);
  await pod[Symbol.asyncDispose]();
  assert.equal((await t.waiting())[0].attempts, 0);
  let isDone = false;
  t.pod().handle('slow', { run: async () => void (isDone = true) });
  await eventually(() => isDone);
});
