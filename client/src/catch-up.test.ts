import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChangesPage, SessionReady } from '@chatcluster/protocol';
import { Book } from './book.ts';
import { CatchUp } from './catch-up.ts';
import { createFakeScheduler, settle } from './fake-scheduler.ts';

const page: ChangesPage = { conversations: [], removed: [], next: 't', more: false };

/** `changes` is answered by hand. */
function createWorld(checkEveryMs = 0) {
  const scheduler = createFakeScheduler();
  const connection = { isOpen: true };
  const answers: ((page: ChangesPage) => void)[] = [];
  const book = new Book({ me: () => 'me', pendingRead: () => 0, changed() {}, applied() {}, missing() {} });
  const catchUp = new CatchUp({
    book,
    scheduler,
    checkEveryMs,
    call: () => new Promise((resolve) => answers.push(resolve as (page: ChangesPage) => void)),
    isOpen: () => connection.isOpen,
    listed() {},
    reopen: async () => {},
  });
  const connected = catchUp.connected({ epoch: 1 } as SessionReady);
  return { answers, catchUp, connected, connection, scheduler };
}

test('what moved while the changes were on their way is asked for once more', async () => {
  for (const moved of ['check', 'moved'] as const) {
    const { answers, catchUp, connected } = createWorld();
    await settle();
    catchUp[moved]();
    answers[0]?.(page);
    await settle();
    assert.equal(answers.length, 2, moved);
    answers[1]?.(page);
    await connected;
    await settle();
    assert.equal(answers.length, 2, moved);
  }
});

test('an own move while nothing is on its way costs no call', async () => {
  const { answers, catchUp, connected } = createWorld();
  await settle();
  answers[0]?.(page);
  await connected;
  catchUp.moved();
  await settle();
  assert.equal(answers.length, 1);
});

test('it asks again now and then, and plans nothing when the connection went while the last page came', async () => {
  for (const isOpen of [true, false]) {
    const { answers, connected, connection, scheduler } = createWorld(1_000);
    await settle();
    connection.isOpen = isOpen;
    answers[0]?.(page);
    await connected;
    await scheduler.advance(1_000);
    await settle();
    assert.equal(answers.length, isOpen ? 2 : 1);
  }
});
