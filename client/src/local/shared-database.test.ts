import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import type { PendingMessage } from '../types.ts';
import { openNodeSql } from './node-store.ts';
import { openResilient, type ResilientDatabase } from './resilient.ts';
import { type ChannelLike, createSharedDatabase, type LocksLike } from './shared-database.ts';
import type { Sql } from './sql.ts';

const pending = (clientMsgId: string): PendingMessage => ({ clientMsgId, conversationId: 'c', body: '', createdAt: '', state: 'queued' });

/** Tabs over Node's own locks and channels, and one file in memory. */
function createDevice() {
  const name = `test-${randomUUID()}`;
  const file = openNodeSql(':memory:');
  const device = { owners: 0, removed: 0, opened: [] as string[] };
  const sql: Sql = { ...file, close: () => void (device.owners -= 1) };
  async function open(tab: string): Promise<ResilientDatabase> {
    device.owners += 1;
    assert.equal(device.owners, 1, 'one owner at a time');
    device.opened.push(tab);
    return openResilient({ open: async () => sql, nowMs: Date.now });
  }
  const tabs = new DisposableStack();
  const tab = (label: string, opens = open) => {
    const shared = createSharedDatabase({
      name,
      locks: navigator.locks as unknown as LocksLike,
      channel: new BroadcastChannel(name) as unknown as ChannelLike,
      newId: randomUUID,
      open: () => opens(label),
      remove: async () => void (device.removed += 1),
    });
    tabs.defer(shared.close);
    return shared;
  };
  return { device, tab, [Symbol.dispose]: () => tabs.dispose() };
}

test('the first tab owns the file, the others read and write through it, and one of them takes over when it goes', async () => {
  using opened = createDevice();
  const { device, tab } = opened;
  const first = tab('first');
  await first.call('savePending', [pending('1')]);
  const second = tab('second');
  const third = tab('third');
  await second.call('savePending', [pending('2')]);
  assert.deepEqual(await third.call('loadOutbox', []), [pending('1'), pending('2')]);
  first.close();
  await second.call('savePending', [pending('3')]);
  await third.call('deletePending', ['1']);
  assert.deepEqual(await third.call('loadOutbox', []), [pending('2'), pending('3')]);
  assert.deepEqual(device.opened, ['first', 'second']);
  second.close();
  assert.deepEqual(await third.call('loadOutbox', []), [pending('2'), pending('3')]);
});

test('a tab that cannot open the file refuses its own calls and lets the next one try', async () => {
  using opened = createDevice();
  const { tab } = opened;
  const broken = tab('broken', () => Promise.reject(new Error('no storage')));
  const other = tab('other');
  await assert.rejects(broken.call('loadOutbox', []), /no storage/);
  assert.deepEqual(await other.call('loadOutbox', []), []);
});

test('signing out in any tab deletes the files, after their owner closed them', async () => {
  using opened = createDevice();
  const { device, tab } = opened;
  const owner = tab('owner');
  await owner.call('savePending', [pending('1')]);
  const other = tab('other');
  await other.call('loadOutbox', []);
  await other.wipe();
  // The one who asked may have become the owner before the answer came; then it deletes once more.
  assert.ok(device.removed >= 1);
  assert.equal(device.owners, 0);
  await assert.rejects(owner.call('loadOutbox', []), /deleted/);
});
