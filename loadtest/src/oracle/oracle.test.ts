import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { AckBook, createReference, type AckRecord } from './acks.ts';
import { DeliveryBook } from './deliveries.ts';
import { judgeMembers, judgeStored, slotsBehind } from './judge.ts';
import { MarkTable, markOf } from './marks.ts';
import { Findings, type FindingKind, noFindings } from './verdict.ts';

/** A finished world: everybody applied everything that was acknowledged. */
interface World {
  members: number;
  /** By conversation: the seq before the run, and how many entries came. */
  talks: { from: number; length: number }[];
}

/** One thing that goes wrong, at one member and one entry. */
type Fault = 'lost' | 'twice' | 'misordered' | 'different' | 'missing' | 'storedTwice' | 'senderOrder' | 'queuedLost';

interface Planted {
  fault: Fault;
  member: number;
  talk: number;
  /** Offset from the first entry. */
  at: number;
}

const mark = (talk: number, seq: number) => talk * 1_000_000 + seq + 1;

function ackOf(conversation: number, seq: number): AckRecord {
  return {
    conversation,
    seq,
    mark: mark(conversation, seq),
    sender: 0,
    pod: 0,
    intendedAtMs: seq,
    sentAtMs: seq,
    ackedAtMs: seq,
    attempts: 1,
  };
}

function applyAll(world: World, book: DeliveryBook, findings: Findings, planted?: Planted): void {
  const offences = { again: 'twice', back: 'misordered', different: 'different' } as const;
  for (const [slot, { user, conversation, from }] of book.slots.entries()) {
    const mine = planted?.member === user && planted.talk === conversation ? planted : undefined;
    const { length } = world.talks[conversation]!;
    const seqs = Array.from({ length }, (_, i) => from + 1 + i);
    const target = from + 1 + (mine?.at ?? 0);
    if (mine?.fault === 'lost') seqs.splice(mine.at, 1);
    if (mine?.fault === 'twice') seqs.splice(mine.at, 0, target);
    if (mine?.fault === 'misordered') seqs.splice(mine.at, 2, target + 1, target);
    for (const seq of seqs) {
      const wrong = mine?.fault === 'different' && seq === target;
      const offence = book.applied(slot, seq, wrong ? 0.25 : mark(conversation, seq));
      if (offence) findings.add({ kind: offences[offence], conversation, seq, user, atMs: 0 });
    }
  }
}

function run(world: World, planted?: Planted): Record<FindingKind, number> {
  const slots = world.talks.flatMap(({ from }, conversation) =>
    Array.from({ length: world.members }, (_, user) => ({ user, conversation, from })),
  );
  const book = new DeliveryBook(slots, world.talks.length);
  const findings = new Findings();
  applyAll(world, book, findings, planted);
  const acks = new AckBook();
  const stored = new Map<number, MarkTable>();
  for (const [conversation, { from, length }] of world.talks.entries()) {
    const order = Array.from({ length }, (_, i) => from + 1 + i);
    const mine = planted?.talk === conversation ? planted : undefined;
    if (mine?.fault === 'senderOrder') order.splice(mine.at, 2, from + 2 + mine.at, from + 1 + mine.at);
    for (const seq of order)
      if (!acks.stored(conversation, ackOf(conversation, seq))) findings.add({ kind: 'senderOrder', conversation, seq, atMs: 0 });
    const table = new MarkTable(from);
    for (const seq of order) if (mine?.fault !== 'missing' || seq !== from + 1 + mine.at) table.put(seq, mark(conversation, seq));
    if (mine?.fault === 'storedTwice') table.put(from + length + 1, mark(conversation, from + 1 + mine.at));
    stored.set(conversation, table);
  }
  if (planted?.fault === 'queuedLost') acks.addQueued(planted.talk, { ...ackOf(planted.talk, 0), mark: 0.5 });
  const reference = createReference([acks.toColumns()], world.talks.length);
  const counts = noFindings();
  const parts = [findings, judgeMembers(book, reference, 1).findings, judgeStored(stored, reference, acks.queued, 1)];
  for (const part of parts) for (const kind of Object.keys(counts) as FindingKind[]) counts[kind] += part.counts[kind];
  return counts;
}

const worlds = fc.record({
  members: fc.integer({ min: 2, max: 6 }),
  talks: fc.array(fc.record({ from: fc.integer({ min: 0, max: 5_000 }), length: fc.integer({ min: 2, max: 150 }) }), {
    minLength: 1,
    maxLength: 5,
  }),
});

describe('the oracle', () => {
  test('finds nothing in a world without fault', () => {
    fc.assert(fc.property(worlds, (world) => assert.deepEqual(run(world), noFindings())));
  });

  for (const fault of ['lost', 'twice', 'misordered', 'different', 'missing', 'storedTwice', 'senderOrder', 'queuedLost'] as const) {
    test(`finds exactly the one planted fault wherever it is: ${fault}`, () => {
      fc.assert(
        fc.property(worlds, fc.nat(), fc.nat(), fc.nat(), (world, member, talk, at) => {
          const place = talk % world.talks.length;
          const planted = { fault, member: member % world.members, talk: place, at: at % (world.talks[place]!.length - 1) };
          const found = run(world, planted);
          // Whoever looks first may be the one with the other message: then everybody else differs, and the acknowledgement, too.
          if (fault === 'different') assert.ok(found.different >= 1 && found.lost + found.twice === 0);
          else assert.deepEqual(found, { ...noFindings(), [fault]: 1 });
        }),
      );
    });
  }

  test('numbers of queued messages may be told in any order, but must ascend as the acknowledgements did', () => {
    const turns = fc.array(fc.record({ isQueued: fc.boolean(), at: fc.nat() }), { minLength: 2, maxLength: 12 });
    /** How often one sender's messages, some of them queued, are found in a wrong order when they get these numbers. */
    const offences = (list: readonly { isQueued: boolean; at: number }[], seqs: readonly number[]) => {
      const acks = new AckBook();
      let wrong = 0;
      list.forEach(({ isQueued }, i) => {
        if (isQueued) acks.addQueued(0, { ...ackOf(0, 0), mark: i + 1 });
        else if (!acks.stored(0, { ...ackOf(0, seqs[i]!), mark: i + 1 })) wrong += 1;
      });
      const told = list.map(({ isQueued, at }, i) => ({ isQueued, at, i })).filter(({ isQueued }) => isQueued);
      for (const { i } of told.toSorted((a, b) => a.at - b.at)) if (!acks.settle(0, i + 1, seqs[i]!)) wrong += 1;
      assert.equal(acks.queued.length, 0);
      return wrong;
    };
    fc.assert(
      fc.property(turns, fc.nat(), (list, at) => {
        const seqs = list.map((_, i) => 10 + i);
        assert.equal(offences(list, seqs), 0);
        const first = at % (list.length - 1);
        const swapped = seqs.with(first, seqs[first + 1]!).with(first + 1, seqs[first]!);
        assert.ok(offences(list, swapped) > 0, `${first} and the next one were exchanged`);
      }),
    );
  });

  test('a member who is behind is known before the judgement', () => {
    const book = new DeliveryBook(
      [
        { user: 0, conversation: 0, from: 10 },
        { user: 1, conversation: 0, from: 10 },
      ],
      1,
    );
    const acks = new AckBook();
    for (const seq of [11, 12]) {
      acks.stored(0, ackOf(0, seq));
      book.applied(0, seq, mark(0, seq));
    }
    const reference = createReference([acks.toColumns()], 1);
    assert.deepEqual(slotsBehind(book, reference), [1]);
    book.skipped(1, 12);
    assert.deepEqual(slotsBehind(book, reference), []);
  });

  test('a queued message counts as stored once its sender sees it, and not at all once it is rejected', () => {
    const acks = new AckBook();
    acks.addQueued(0, { ...ackOf(0, 0), mark: 8 });
    acks.addQueued(0, { ...ackOf(0, 0), mark: 9 });
    assert.equal(acks.settle(0, 8, 41), true);
    acks.reject(9);
    assert.equal(acks.queued.length, 0);
    assert.deepEqual([...createReference([acks.toColumns()], 1).seqs], [41]);
  });
});

test('a thousand members who follow cost two numbers each, whatever they were sent', () => {
  const slots = Array.from({ length: 1_000 }, (_, user) => ({ user, conversation: 0, from: 0 }));
  const book = new DeliveryBook(slots, 1);
  for (let seq = 1; seq <= 100; seq += 1) for (let slot = 0; slot < 1_000; slot += 1) book.applied(slot, seq, seq);
  assert.equal(book.isWhole(999, 100), true);
});

test('ids of the same conversation give different marks', () => {
  fc.assert(
    fc.property(fc.uuid(), fc.uuid(), (a, b) => {
      assert.ok(Number.isSafeInteger(markOf(a)));
      assert.equal(markOf(a) === markOf(b), a.slice(0, 8) + a.slice(-5) === b.slice(0, 8) + b.slice(-5));
    }),
  );
});
