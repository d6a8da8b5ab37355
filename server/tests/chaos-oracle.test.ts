import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Acknowledged, type Evidence, judge, type MemberLog, type StoredEntry, type Verdict } from './_oracle.ts';
import { type Applied, Reader } from './_reader.ts';

const room = 'room';
const entry = (seq: number) => ({ seq, id: `m${seq}` });
const entries = (...seqs: number[]) => seqs.map(entry);
const noWire = { entries: 0, misordered: 0, repeated: 0, gaps: 0 };

function stored(seq: number): StoredEntry {
  return { ...entry(seq), actorId: 'ada', clientMsgId: `c${seq}` };
}

function acknowledged(seq: number): Acknowledged {
  return { ...entry(seq), conversationId: room, senderId: 'ada', atMs: 1_000 };
}

function member(applied: Applied[]): MemberLog {
  return { userId: 'bob', connectedAtMs: 0, wire: noWire, logs: new Map([[room, { from: 0, applied }]]) };
}

const applied = (...seqs: number[]): Applied[] => seqs.map((seq) => ({ ...entry(seq), atMs: 1_010 }));

/** Three messages that everybody has; each test spoils one thing. */
function verdict(spoilt: Partial<Evidence> = {}): Verdict {
  return judge({
    acknowledged: [1, 2, 3].map(acknowledged),
    stored: new Map([[room, [1, 2, 3].map(stored)]]),
    members: [member(applied(1, 2, 3))],
    faultEndedAtMs: 0,
    limits: { afterAckMs: 100, afterFaultMs: 500 },
    ...spoilt,
  });
}

const none = { lost: 0, appliedTwice: 0, outOfOrder: 0, acknowledgedButMissing: 0, late: 0 };

const cases: Record<string, { spoilt: Partial<Evidence>; wrong: Partial<typeof none> }> = {
  'a run without a fault has nothing wrong': { spoilt: {}, wrong: {} },
  'an entry that one member never applied is lost': { spoilt: { members: [member(applied(1, 2))] }, wrong: { lost: 1 } },
  'an entry dropped from the middle is lost': { spoilt: { members: [member(applied(1, 3))] }, wrong: { lost: 1 } },
  'the same loss at two members counts twice': {
    spoilt: { members: [member(applied(1, 2)), member(applied(1, 2))] },
    wrong: { lost: 2 },
  },
  'an entry applied again is applied twice, and out of order': {
    spoilt: { members: [member(applied(1, 2, 2, 3))] },
    wrong: { appliedTwice: 1, outOfOrder: 1 },
  },
  'a message that got a second number is applied twice': {
    spoilt: { members: [member([...applied(1, 2, 3), { seq: 4, id: 'm3', atMs: 1_010 }])] },
    wrong: { appliedTwice: 1, outOfOrder: 1 },
  },
  'two entries applied the wrong way round are out of order': {
    spoilt: { members: [member(applied(1, 3, 2))] },
    wrong: { outOfOrder: 1 },
  },
  'another message under a number than Postgres has is out of order': {
    spoilt: {
      members: [
        member([
          { seq: 1, id: 'm2', atMs: 1_010 },
          { seq: 2, id: 'm1', atMs: 1_010 },
          { seq: 3, id: 'm3', atMs: 1_010 },
        ]),
      ],
    },
    wrong: { outOfOrder: 2 },
  },
  'an acknowledged message that Postgres lacks is missing': {
    spoilt: { stored: new Map([[room, [1, 2].map(stored)]]), members: [member(applied(1, 2))] },
    wrong: { acknowledgedButMissing: 1, lost: 1 },
  },
  'an acknowledged message under another number in Postgres is missing there': {
    spoilt: { acknowledged: [{ ...acknowledged(3), seq: 4 }] },
    wrong: { acknowledgedButMissing: 1 },
  },
  'one clientMsgId stored under two numbers counts as twice': {
    spoilt: { stored: new Map([[room, [...[1, 2, 3].map(stored), { ...stored(4), clientMsgId: 'c3' }]]]) },
    wrong: { appliedTwice: 1 },
  },
  'numbers with a hole are out of order': {
    spoilt: { stored: new Map([[room, [1, 2, 3, 5].map(stored)]]) },
    wrong: { outOfOrder: 1 },
  },
  'sends in turn whose numbers do not ascend are out of order': {
    spoilt: { acknowledged: [2, 1, 3].map(acknowledged) },
    wrong: { outOfOrder: 1 },
  },
  'a queued message that never got a number is missing': {
    spoilt: { acknowledged: [1, 2, 3].map(acknowledged).with(2, { ...acknowledged(3), seq: 0, isQueued: true }) },
    wrong: { acknowledgedButMissing: 1, outOfOrder: 1 },
  },
  'a queued message that got its number and one member lacks is lost': {
    spoilt: {
      acknowledged: [1, 2, 3].map(acknowledged).with(2, { ...acknowledged(3), isQueued: true }),
      members: [member(applied(1, 2))],
    },
    wrong: { lost: 1 },
  },
  'queued messages whose numbers do not ascend are out of order': {
    spoilt: { acknowledged: [2, 1, 3].map(acknowledged).map((each) => ({ ...each, isQueued: true })) },
    wrong: { outOfOrder: 1 },
  },
  'what came after the limit is late': {
    spoilt: { members: [member([...applied(1, 2), { ...entry(3), atMs: 1_101 }])] },
    wrong: { late: 1 },
  },
  'what came too long after the end of the fault is late, too': {
    spoilt: { faultEndedAtMs: 1_050, members: [member([...applied(1, 2), { ...entry(3), atMs: 1_551 }])] },
    wrong: { late: 1 },
  },
  'until the fault has ended nothing is late': {
    spoilt: { faultEndedAtMs: 1_050, members: [member([...applied(1, 2), { ...entry(3), atMs: 1_101 }])] },
    wrong: {},
  },
};

for (const [name, { spoilt, wrong }] of Object.entries(cases)) {
  test(`the judge: ${name}`, () => {
    const { lost, appliedTwice, outOfOrder, acknowledgedButMissing, late } = verdict(spoilt);
    assert.deepEqual({ lost, appliedTwice, outOfOrder, acknowledgedButMissing, late }, { ...none, ...wrong });
  });
}

function read(...arrivals: number[][]): Reader {
  const reader = new Reader();
  reader.socketOpened();
  reader.begin(room, 0, 0);
  for (const seqs of arrivals) reader.live(room, entries(...seqs), 0);
  return reader;
}

const appliedSeqs = (reader: Reader) => reader.logs.get(room)?.applied.map(({ seq }) => seq);

test('the reader applies what follows, drops what it has and holds what comes too early', () => {
  const reader = read([1], [1], [3], [4]);
  assert.deepEqual(appliedSeqs(reader), [1]);
  assert.deepEqual(reader.waiting(), { gaps: [room], unknown: [] });
  reader.apply(room, entries(2, 3), 0);
  assert.deepEqual(appliedSeqs(reader), [1, 2, 3, 4]);
  assert.deepEqual(reader.waiting(), { gaps: [], unknown: [] });
});

test('the reader keeps entries of a conversation that it does not know until it does', () => {
  const reader = new Reader();
  reader.live(room, entries(6, 7), 0);
  assert.deepEqual(reader.waiting(), { gaps: [], unknown: [room] });
  reader.begin(room, 5, 0);
  assert.deepEqual(appliedSeqs(reader), [6, 7]);
});

test('the wire is judged as it came: gap, wrong order and repetition apart', () => {
  assert.deepEqual(read([1], [2], [3]).wire, { entries: 3, misordered: 0, repeated: 0, gaps: 0 });
  assert.deepEqual(read([1], [3], [2]).wire, { entries: 3, misordered: 1, repeated: 0, gaps: 1 });
  assert.deepEqual(read([1, 2], [2]).wire, { entries: 3, misordered: 0, repeated: 1, gaps: 0 });
});

test('a new socket may repeat what the one before brought', () => {
  const reader = read([1], [2]);
  reader.socketOpened();
  reader.live(room, entries(2), 0);
  assert.equal(reader.wire.repeated, 0);
});
