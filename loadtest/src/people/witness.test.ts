import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nowMs } from '../clock.ts';
import { Meters } from '../meters.ts';
import { AckTimes } from '../oracle/ack-times.ts';
import { Journal } from '../oracle/journal.ts';
import { faultCells, Witness } from './witness.ts';

function createWitness() {
  const faults = new Float64Array(faultCells.length);
  const ackTimes = new AckTimes(AckTimes.createCells());
  const slots = [{ user: 4, conversation: 0, from: 0 }];
  const witness = new Witness({ slots, conversationCount: 1, journalLines: 10, meters: new Meters(), faults, ackTimes });
  let seq = 0;
  /** A delivery now, of a message that was meant and acknowledged so long ago. */
  const deliver = ({ meantMs, ackedMs, connectedMs = 60_000 }: { meantMs: number; ackedMs?: number; connectedMs?: number }) => {
    const now = nowMs();
    seq += 1;
    if (ackedMs !== undefined) ackTimes.put(seq, now - ackedMs);
    const entry = { seq, mark: seq, isMessage: true, actorId: '', intendedAtMs: now - meantMs, origin: 'a' };
    const before = witness.late;
    witness.saw({ slot: 0, entry, how: 'live, applied', podId: 'b', connectedAtMs: now - connectedMs });
    return witness.late - before;
  };
  return { witness, faults, deliver };
}

test('a delivery is late two seconds after its acknowledgement, five after a disturbance', () => {
  const { deliver, faults } = createWitness();
  assert.equal(deliver({ meantMs: 1_000, ackedMs: 900 }), 0);
  assert.equal(deliver({ meantMs: 9_000, ackedMs: 100 }), 0, 'the sender was slow');
  assert.equal(deliver({ meantMs: 9_000 }), 0, 'not acknowledged yet');
  assert.equal(deliver({ meantMs: 3_000, ackedMs: 2_500 }), 1);
  assert.equal(deliver({ meantMs: 9_000, ackedMs: 8_000, connectedMs: 4_000 }), 0);
  assert.equal(deliver({ meantMs: 9_000, ackedMs: 8_000, connectedMs: 6_000 }), 1);
  faults[faultCells.active] = 1;
  assert.equal(deliver({ meantMs: 9_000, ackedMs: 8_000 }), 0);
  faults[faultCells.active] = 0;
  faults[faultCells.endedAtMs] = nowMs() - 4_000;
  assert.equal(deliver({ meantMs: 9_000, ackedMs: 8_000 }), 0);
  assert.equal(deliver({ meantMs: 3_000, ackedMs: 2_500 }), 0, 'acknowledged since, the five seconds are not over');
  faults[faultCells.endedAtMs] = nowMs() - 5_500;
  assert.equal(deliver({ meantMs: 3_000, ackedMs: 2_500 }), 1);
});

test('the worst of the late ones is remembered', () => {
  const { deliver, witness } = createWitness();
  for (const ackedMs of [3_000, 7_000, 5_000]) deliver({ meantMs: 9_000, ackedMs });
  assert.equal(witness.worstLate?.seq, 2);
  assert.equal(witness.worstLate?.user, 4);
});

test('the journal forgets the oldest first, and says from when on it remembers', () => {
  const journal = new Journal(3);
  for (let seq = 1; seq <= 4; seq += 1) journal.arrival({ atMs: seq * 10, user: 1, conversation: 0, seq, how: 'live, applied' });
  assert.deepEqual(journal.about(0, 1, new Set()), []);
  assert.deepEqual(journal.about(0, 4, new Set()), [{ atMs: 40, user: 1, what: 'live, applied' }]);
  assert.equal(journal.forgotBeforeMs, 20);
  journal.turn(50, 1, 'connected', 7);
  assert.deepEqual(journal.about(0, 4, new Set([1])).at(-1), { atMs: 50, user: 1, what: 'connected', pod: 7 });
});
