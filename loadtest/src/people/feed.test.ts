import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@chatcluster/tools/testing';
import { Meters } from '../meters.ts';
import { AckTimes } from '../oracle/ack-times.ts';
import { faultCells, Witness } from './witness.ts';
import { Feed } from './feed.ts';
import type { Connection } from '../wire/connection.ts';

const conversation = 'c';

/** Answers as a server would that has one entry; `sync` ends with the connection when it is cut. */
function line(isCut: boolean, onCut: () => void = () => undefined) {
  const asked: string[] = [];
  const call = (event: string, { since }: { since?: string }) => {
    asked.push(event);
    if (event === 'changes') {
      const conversations = since === undefined ? [{ id: conversation, lastSeq: 1 }] : [];
      return Promise.resolve({ ok: true, data: { conversations, more: false, next: 'after it' } });
    }
    if (isCut) {
      onCut();
      return Promise.resolve(undefined);
    }
    const entry = { seq: 1, id: 'e', type: 'message', actorId: 'a', at: new Date().toISOString(), data: { body: 'x' } };
    return Promise.resolve({ ok: true, data: { entries: { [conversation]: [entry] }, limited: {}, more: false } });
  };
  return { asked, line: { connection: { call } as unknown as Connection, podId: 'p', connectedAtMs: 0 } };
}

test('what a lost connection was told of, and could not bring, the next one brings', async () => {
  const ackTimes = new AckTimes(AckTimes.createCells());
  const faults = new Float64Array(faultCells.length);
  const slots = [{ user: 0, conversation: 0, from: 0 }];
  const meters = new Meters();
  const witness = new Witness({ slots, conversationCount: 1, journalLines: 10, meters, faults, ackTimes });
  const feed = new Feed({ user: 0, userId: 'me', talks: [], slotOf: new Map([[conversation, 0]]), witness, meters });
  const first = line(true, () => feed.closed());
  feed.opened(first.line);
  await eventually(() => first.asked.includes('sync'));
  const second = line(false);
  feed.opened(second.line);
  await eventually(() => feed.isCaughtUp);
  assert.deepEqual(second.asked, ['changes', 'sync']);
  assert.equal(feed.cursor(conversation), 1);
});
