import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { eventually, runSql } from '@chatcluster/tools/testing';
import { ChatError } from '@chatcluster/protocol/errors';
import { createLog } from '../src/log.ts';
import { createPool } from '../src/store/pool.ts';
import { createReads, type ReadOutcome, type Reads } from '../src/store/replicas/reads.ts';
import type { Db } from '../src/store/sql/auth-keys.ts';
import { type Pair, startPair } from './_standby.ts';

const log = createLog('silent', 'test');
const patient = { deadlineMs: 60_000 };

/** Which server answered, and what it has. */
async function look(db: Db): Promise<{ standby: boolean; count: number }> {
  const { rows } = await db.query<{ standby: boolean; count: number }>(
    'select pg_is_in_recovery() as standby, (select count(*)::int from notes) as count',
  );
  return rows[0]!;
}

describe('reads with a replica', () => {
  let pair: Pair;
  let reads: Reads;
  let outcomes: ReadOutcome[];
  let stack: AsyncDisposableStack;
  let written = 0;

  before(async () => {
    stack = new AsyncDisposableStack();
    pair = stack.use(await startPair());
    await runSql(pair.primary.url, 'create table notes (id int)');
    const pool = createPool({ databaseUrl: pair.primary.url, poolSize: 4, log });
    stack.defer(() => pool.end());
    reads = stack.use(
      createReads({ primary: pool, urls: [pair.standby.url], poolSize: 4, log, onRead: (outcome) => void outcomes.push(outcome) }),
    );
  });
  after(() => stack.disposeAsync());
  beforeEach(async () => {
    outcomes = [];
    await eventually(() => reads.usable() === 1, { ...patient, message: 'the standby is read from' });
  });

  const write = async () => {
    written += 1;
    await runSql(pair.primary.url, 'insert into notes values ($1)', [written]);
  };
  const isBack = () => eventually(async () => (await reads.read(look)).standby, patient);

  it('come from the standby, with everything that was committed before, however many read and write at once', async () => {
    let fromStandby = 0;
    for (let round = 0; round < 40; round += 1) {
      await write();
      const atLeast = written;
      const found = await Promise.all([reads.read(look), reads.read(look), reads.read(look)]);
      for (const { count } of found) assert.ok(count >= atLeast, `${count} of ${atLeast} notes`);
      fromStandby += found.filter(({ standby }) => standby).length;
    }
    assert.ok(fromStandby > 0 && outcomes.includes('replica'), `${fromStandby} reads from the standby`);
  });

  it('come from the primary while the standby is behind, and from the standby again when it has caught up', async () => {
    await pair.pause();
    await write();
    assert.deepEqual(await reads.read(look), { standby: false, count: written });
    assert.equal(outcomes.at(-1), 'behind');
    // It is not asked again and again.
    assert.equal(reads.usable(), 0);
    await write();
    assert.deepEqual(await reads.read(look), { standby: false, count: written });
    assert.equal(outcomes.at(-1), 'primary');
    await pair.resume();
    await isBack();
    assert.equal((await reads.read(look)).count, written);
  });

  it('are answered by the primary when replay cancels them on the standby, which is asked again', async () => {
    let tries = 0;
    const slow = async (db: Db) => {
      tries += 1;
      if (tries === 2) return look(db);
      const slept = db.query('select count(*), pg_sleep(2.5) from notes');
      slept.catch(() => undefined);
      await runSql(pair.primary.url, 'begin; lock table notes in access exclusive mode; commit');
      await slept;
      return look(db);
    };
    assert.deepEqual(await reads.read(slow), { standby: false, count: written });
    assert.deepEqual(outcomes, ['conflict']);
    assert.equal(reads.usable(), 1);
  });

  it('are answered by the primary when the standby says nothing', async () => {
    pair.standby.signal('SIGSTOP');
    try {
      const startedAt = performance.now();
      assert.deepEqual(await reads.read(look), { standby: false, count: written });
      // The promise: a client waits ten seconds for an answer.
      assert.ok(performance.now() - startedAt < 9_000, 'within the client’s patience');
      assert.equal(outcomes.at(-1), 'away');
      assert.deepEqual(await reads.read(look), { standby: false, count: written });
      assert.equal(outcomes.at(-1), 'primary');
    } finally {
      pair.standby.signal('SIGCONT');
    }
    await isBack();
  });

  it('survive the death of the standby in the middle of a statement', async () => {
    let tries = 0;
    const cut = async (db: Db) => {
      tries += 1;
      if (tries === 2) return look(db);
      const slept = db.query('select pg_sleep(2.5)');
      slept.catch(() => undefined);
      pair.standby.kill();
      await slept;
      return look(db);
    };
    assert.deepEqual(await reads.read(cut), { standby: false, count: written });
    assert.equal(outcomes.at(-1), 'away');
    await pair.standby.restart();
    await isBack();
  });

  it('do not blame the standby for what the reader asked', async () => {
    const notMember = async (db: Db) => {
      await look(db);
      throw new ChatError('not_member');
    };
    await assert.rejects(reads.read(notMember), { code: 'not_member' });
    await assert.rejects(
      reads.read((db) => db.query("select 'x'::int")),
      { code: '22P02' },
    );
    assert.equal(reads.usable(), 1);
    assert.ok((await reads.read(look)).standby);
  });

  it('never come from a server that was promoted', async () => {
    await runSql(pair.standby.url, 'select pg_promote()');
    await runSql(pair.standby.url, 'insert into notes values (-1)');
    assert.deepEqual(await reads.read(look), { standby: false, count: written });
    assert.equal(reads.usable(), 0);
    await write();
    assert.deepEqual(await reads.read(look), { standby: false, count: written });
  });
});
