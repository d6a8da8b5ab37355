import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { createRandom, createZipf, logNormal } from '../random.ts';
import { planWorld } from '../world-plan.ts';
import { Inbox } from './inbox.ts';
import { Outbox } from './outbox.ts';
import { createArrivals, nextTurn } from './schedule.ts';

describe('the client rule', () => {
  test('applies every seq once and in order, whatever comes twice or too early', () => {
    const shuffled = fc.array(fc.integer({ min: 1, max: 30 }), { maxLength: 120 });
    fc.assert(
      fc.property(shuffled, (seqs) => {
        const inbox = new Inbox<{ seq: number }>(0);
        const applied: number[] = [];
        for (const seq of [...seqs, ...Array.from({ length: 30 }, (_, i) => i + 1)]) {
          if (inbox.take({ seq }) === 'applied') applied.push(seq);
          for (let next = inbox.next(); next; next = inbox.next()) applied.push(next.seq);
        }
        assert.deepEqual(
          applied,
          Array.from({ length: 30 }, (_, i) => i + 1),
        );
        assert.equal(inbox.hasHeld, false);
      }),
    );
  });

  test('drops what it holds below a range that the server leaves out', () => {
    const inbox = new Inbox<{ seq: number }>(0);
    assert.equal(inbox.take({ seq: 3 }), 'held');
    assert.equal(inbox.take({ seq: 6 }), 'held');
    inbox.skipTo(5);
    assert.equal(inbox.next()?.seq, 6);
    assert.equal(inbox.cursor, 6);
  });
});

describe('the open-loop schedule', () => {
  test('keeps its rate and its moments when nobody looks for ten seconds', () => {
    const often = createArrivals(50, 0, createRandom(3));
    const late = createArrivals(50, 0, createRandom(3));
    const many: number[] = [];
    for (let now = 5; now <= 10_000; now += 5) many.push(...often(now));
    assert.deepEqual(late(10_000), many);
    assert.ok(many.length > 400 && many.length < 600, `${many.length}`);
  });

  test('a closed loop with a pace counts from the schedule, without one from the answer', () => {
    assert.equal(nextTurn(1_000, 500, 9_000), 1_500);
    assert.equal(nextTurn(1_000, 0, 9_000), 9_000);
  });
});

test('an outbox sends one message of a conversation at a time, in order, and has an end', () => {
  const outbox = new Outbox();
  const message = (slot: number, body: string) => ({ slot, body, conversationId: `${slot}`, intendedAtMs: 0, done: undefined });
  outbox.add(message(1, 'a'));
  outbox.add(message(1, 'b'));
  outbox.add(message(2, 'c'));
  assert.equal(outbox.begin(1), true);
  assert.equal(outbox.begin(1), false);
  assert.deepEqual(outbox.idle(), [2]);
  outbox.remove(1);
  outbox.end(1);
  assert.equal(outbox.head(1)?.body, 'b');
  const isTaken = Array.from({ length: 500 }, () => outbox.add(message(3, 'x')));
  assert.equal(isTaken.at(-1), false);
  assert.equal(outbox.size, 200);
});

describe('the world', () => {
  const size = { users: 400, directsPerUser: 4, groups: 80, groupMaxMembers: 30, channels: 3, channelMaxMembers: 300 };

  test('is the same for the same seed', () => {
    assert.deepEqual(planWorld(size, createRandom(1)), planWorld(size, createRandom(1)));
  });

  test('gives everybody a conversation, and nobody twice in one', () => {
    const { talks, likings } = planWorld(size, createRandom(2));
    for (const { members } of talks) assert.equal(new Set(members).size, members.length);
    for (const [user, own] of likings.entries()) {
      assert.ok(own.length > 0);
      for (const talk of own) assert.ok(talks[talk]!.members.includes(user));
    }
  });

  test('has many small groups and few large ones', () => {
    const { talks } = planWorld({ ...size, groups: 2_000 }, createRandom(3));
    const sizes = talks.filter(({ kind }) => kind === 'group').map(({ members }) => members.length);
    assert.ok(sizes.filter((members) => members <= 5).length > sizes.filter((members) => members > 15).length);
    assert.deepEqual(
      talks.filter(({ kind }) => kind === 'channel').map(({ members }) => members.length),
      [300, 150, 100],
    );
  });

  test('of two people has the one conversation that is possible', () => {
    const { talks } = planWorld({ ...size, users: 2, groups: 0, channels: 0 }, createRandom(4));
    assert.deepEqual(talks, [{ kind: 'direct', members: [0, 1] }]);
  });
});

test('Zipf draws the first rank twice as often as the second', () => {
  const random = createRandom(5);
  const draw = createZipf(10);
  const counts = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 60_000; i += 1) counts[draw(random)]! += 1;
  assert.ok(Math.abs(counts[0]! / counts[1]! - 2) < 0.1);
  assert.ok(counts[9]! > 0);
});

test('half of the log-normal lengths are below the median', () => {
  const random = createRandom(6);
  const below = Array.from({ length: 20_000 }, () => logNormal(random, 300)).filter((length) => length < 300).length;
  assert.ok(Math.abs(below / 20_000 - 0.5) < 0.02);
});
