import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { eventually } from '@chatcluster/tools/testing';
import type { AppendOutcome, AppendResult, AppendRow } from '../store/types.ts';
import { createGroupCommit, type Committed, type GroupCommitDeps } from './group-commit.ts';

interface Call {
  rows: AppendRow[];
  answer(results?: AppendResult[]): void;
  fail(error: Error): void;
}

const stored = (seq: number): AppendResult => ({ status: 'stored', seq, at: '', memberVersion: 1, routing: 'user', closeBehind: false });

function row(conversationId: string, id: string, expectVersion = 1): AppendRow {
  return { conversationId, id, type: 'message', actorId: 'a', clientMsgId: id, data: '{}', expectVersion };
}

/** A store whose answers the test gives by hand. */
function createFixture(options: Partial<GroupCommitDeps> = {}) {
  const calls: Call[] = [];
  const committed: Committed[] = [];
  const commit = createGroupCommit({
    append: (rows) =>
      new Promise<AppendOutcome>((resolve, reject) => {
        calls.push({ rows, answer: (results = rows.map((_, i) => stored(i + 1))) => resolve({ results, batchId: '1' }), fail: reject });
      }),
    onCommitted: (c) => void committed.push(c),
    revise: async (stale, version) => ({ ...stale, expectVersion: version }),
    windowMs: 0,
    ...options,
  });
  const call = (index: number) => eventually(() => calls[index], { message: `batch ${index} was not appended` });
  return { commit, calls, committed, call, ids: (index: number) => calls[index]!.rows.map((r) => r.id) };
}

describe('group commit', () => {
  it('puts what arrives together into one batch, in order, and answers each row its own result', async () => {
    const { commit, call, ids, committed } = createFixture();
    const answers = ['1', '2', '3'].map((id) => commit.submit(row('c', id)));
    (await call(0)).answer([stored(7), { status: 'duplicate', seq: 3, at: '' }, stored(8)]);
    assert.deepEqual(
      (await Promise.all(answers)).map((a) => 'seq' in a && a.seq),
      [7, 3, 8],
    );
    assert.deepEqual(ids(0), ['1', '2', '3']);
    assert.equal(committed.length, 1);
  });

  it('has one batch of a conversation in flight, while other conversations go on', async () => {
    const { commit, call, calls, ids } = createFixture();
    const first = commit.submit(row('c', '1'));
    await call(0);
    const second = commit.submit(row('c', '2'));
    const other = commit.submit(row('d', '3'));
    (await call(1)).answer();
    await other;
    assert.deepEqual(ids(1), ['3']);
    assert.equal(calls.length, 2);
    calls[0]!.answer();
    (await call(2)).answer();
    await Promise.all([first, second]);
    assert.deepEqual(ids(2), ['2']);
  });

  it('tells of a commit before the next batch of that conversation starts', async () => {
    const order: string[] = [];
    const { commit, call } = createFixture({ onCommitted: ({ rows }) => void order.push(`committed ${rows[0]!.id}`) });
    const first = commit.submit(row('c', '1'));
    await call(0);
    const second = commit.submit(row('c', '2'));
    (await call(0)).answer();
    await call(1);
    order.push('second batch');
    (await call(1)).answer();
    await Promise.all([first, second]);
    assert.deepEqual(order, ['committed 1', 'second batch', 'committed 2']);
  });

  it('waits for no more company with what has waited for a lane as long as that', async () => {
    const { commit, call, calls } = createFixture({ lanes: 1, windowMs: 200 });
    const first = ['1', '2', '3', '4'].map((id) => commit.submit(row(id, id)));
    await call(0);
    const late = commit.submit(row('d', '5'));
    await delay(250);
    calls[0]!.answer();
    await Promise.all(first);
    for (let turn = 0; turn < 5; turn += 1) await nextTurn();
    assert.equal(calls.length, 2);
    calls[1]!.answer();
    await late;
  });

  it('splits what is more than a batch holds and keeps the order', async () => {
    const { commit, call, ids } = createFixture({ maxRows: 2 });
    const answers = ['1', '2', '3'].map((id) => commit.submit(row('c', id)));
    (await call(0)).answer();
    (await call(1)).answer();
    await Promise.all(answers);
    assert.deepEqual([ids(0), ids(1)], [['1', '2'], ['3']]);
  });

  it('refuses with overloaded when too many rows wait, and takes rows again afterwards', async () => {
    const { commit, call } = createFixture({ maxWaiting: 2 });
    const first = commit.submit(row('c', '1'));
    await call(0);
    const waiting = [commit.submit(row('c', '2')), commit.submit(row('c', '3'))];
    await assert.rejects(commit.submit(row('c', '4')), { code: 'overloaded', retryAfterMs: 1_000 });
    assert.equal(commit.waiting, 2);
    (await call(0)).answer();
    (await call(1)).answer();
    await Promise.all([first, ...waiting]);
    assert.equal(commit.waiting, 0);
  });

  it('rejects every row of a batch that failed and goes on with the next', async () => {
    const { commit, call, committed } = createFixture();
    const failing = [commit.submit(row('c', '1')), commit.submit(row('d', '2'))];
    (await call(0)).fail(new Error('connection lost'));
    for (const result of await Promise.allSettled(failing)) assert.equal(result.status, 'rejected');
    assert.equal(committed.length, 0);
    const next = commit.submit(row('c', '3'));
    (await call(1)).answer();
    assert.equal((await next).status, 'stored');
  });

  it('puts stale rows, authorised again, in front of the rows that came after them', async () => {
    const { commit, call, ids, calls } = createFixture();
    const answers = [commit.submit(row('c', '1')), commit.submit(row('c', '2'))];
    await call(0);
    answers.push(commit.submit(row('c', '3', 2)));
    calls[0]!.answer([
      { status: 'stale', memberVersion: 2 },
      { status: 'stale', memberVersion: 2 },
    ]);
    (await call(1)).answer();
    assert.deepEqual(
      (await Promise.all(answers)).map((a) => a.status),
      ['stored', 'stored', 'stored'],
    );
    assert.deepEqual(ids(1), ['1', '2', '3']);
    assert.deepEqual(
      calls[1]!.rows.map((r) => r.expectVersion),
      [2, 2, 2],
    );
  });

  it('never mixes rows of two member versions of a conversation in one batch', async () => {
    const { commit, call, ids } = createFixture();
    const answers = [
      commit.submit(row('c', '1', 1)),
      commit.submit(row('c', '2', 2)),
      commit.submit(row('c', '3', 1)),
      commit.submit(row('d', '4', 9)),
    ];
    (await call(0)).answer();
    (await call(1)).answer();
    (await call(2)).answer();
    await Promise.all(answers);
    assert.deepEqual([ids(0), ids(1), ids(2)], [['1', '4'], ['2'], ['3']]);
  });

  it('rejects a stale row that is not allowed any more, and gives up on one that stays stale', async () => {
    const refusing = createFixture({ revise: () => Promise.reject(new Error('not a member')) });
    const refused = refusing.commit.submit(row('c', '1'));
    (await refusing.call(0)).answer([{ status: 'stale', memberVersion: 2 }]);
    await assert.rejects(refused, /not a member/);

    const { commit, call } = createFixture();
    const stubborn = commit.submit(row('c', '1'));
    const outcome = assert.rejects(stubborn, { code: 'overloaded' });
    for (let i = 0; i < 10; i += 1) (await call(i)).answer([{ status: 'stale', memberVersion: 2 }]);
    await outcome;
  });

  it('refuses all of a conversation in its order when Postgres goes, and tells of what was committed all the same', async () => {
    const { commit, call, calls, committed } = createFixture();
    const refused: string[] = [];
    const send = (id: string) => commit.submit(row('c', id)).catch(() => void refused.push(id));
    const answers = [send('1')];
    await call(0);
    answers.push(send('2'), send('3'));
    commit.abandon(new Error('away'));
    await Promise.all(answers);
    assert.deepEqual(refused, ['1', '2', '3']);
    assert.equal(commit.waiting, 0);
    calls[0]!.answer();
    await commit.drained();
    assert.deepEqual([calls.length, committed.length], [1, 1]);
  });

  it('does not try a stale row again that it has refused', async () => {
    const { commit, call, calls } = createFixture();
    const refused = assert.rejects(commit.submit(row('c', '1')), /away/);
    await call(0);
    commit.abandon(new Error('away'));
    calls[0]!.answer([{ status: 'stale', memberVersion: 2 }]);
    await refused;
    await commit.drained();
    assert.equal(calls.length, 1);
  });

  it('is drained when nothing waits and nothing is in flight', async () => {
    const { commit, call } = createFixture();
    await commit.drained();
    const sent = commit.submit(row('c', '1'));
    let isDrained = false;
    const drained = commit.drained().then(() => (isDrained = true));
    (await call(0)).answer();
    await sent;
    await drained;
    assert.equal(isDrained, true);
  });
});
