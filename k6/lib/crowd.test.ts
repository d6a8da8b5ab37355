import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createTally } from './_tally.ts';
import type { Client } from './client.ts';
import { Crowd, messageId } from './crowd.ts';
import type { AckAnswer } from './packets.ts';

interface Sent {
  payload: { conversationId: string; clientMsgId: string; body: string };
  answer(answer: AckAnswer | undefined): void;
}
const ok: AckAnswer = { ok: true, data: {} };

function create(options: { offline?: number[]; sampleEvery?: number } = {}) {
  const sent: Sent[] = [];
  const clock = { ms: 100 };
  const { recorder, told } = createTally();
  const clients = [0, 1, 2].map((i) => ({
    isReady: !options.offline?.includes(i),
    pending: 0,
    emit: (_event: string, payload: Sent['payload'], listener: (answer: AckAnswer | undefined, ms: number) => void) =>
      void sent.push({ payload, answer: (answer) => listener(answer, 5) }),
  })) as unknown as Client[];
  const group = { conversationId: 'c', members: [0, 1, 2] };
  const crowd = new Crowd({
    clients,
    groupOf: [group, group, group],
    recorder,
    sampleEvery: options.sampleEvery ?? 1,
    lossAfterMs: 1_000,
    bodyChars: 40,
    idPrefix: 'a'.repeat(24),
    nowMs: () => clock.ms,
    random: () => 0,
  });
  return { crowd, sent, clock, told };
}

function frameOf({ payload }: Sent): string {
  const entry = { seq: 1, type: 'message', clientMsgId: payload.clientMsgId, data: { body: payload.body } };
  return `42${JSON.stringify(['entries', { conversationId: 'c', entries: [entry] }])}`;
}

it('makes ids that the server takes for UUIDs, none twice', () => {
  const ids = Array.from({ length: 300 }, (_, i) => messageId('0123456789abcdef01234567', i));
  assert.equal(new Set(ids).size, 300);
  for (const id of ids) assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
});

it('follows a message to every member, on the clock of its sender', () => {
  const { crowd, sent, clock, told } = create();
  crowd.send();
  clock.ms = 130;
  for (const member of [0, 1, 2]) crowd.onFrame(member, frameOf(sent[0]!));
  sent[0]!.answer(ok);
  assert.deepEqual(told, { delivered: [1, 1, 1], followed: [30, 30, 30], acknowledged: [5], expected: [3] });
  assert.equal(crowd.isSettled, true);
});

it('tells what an acknowledged message did not reach', () => {
  const { crowd, sent, clock, told } = create();
  crowd.send();
  sent[0]!.answer(ok);
  crowd.onFrame(0, frameOf(sent[0]!));
  clock.ms = 1_100;
  crowd.sweep();
  assert.deepEqual(told.lost, [2]);
});

it('expects nothing of members who are not connected, and sends from one who is', () => {
  const { crowd, sent, told } = create({ offline: [0, 1] });
  assert.equal(crowd.send(), true);
  sent[0]!.answer(ok);
  assert.deepEqual(told.expected, [1]);
  assert.equal(create({ offline: [0, 1, 2] }).crowd.send(), false);
});

it('counts refusals by code, and silence', () => {
  const { crowd, sent, told } = create();
  crowd.send();
  crowd.send();
  sent[0]!.answer({ ok: false, error: { code: 'rate_limited', message: '' } });
  sent[1]!.answer(undefined);
  assert.deepEqual([told.refused, told.unanswered, told.expected], [['rate_limited'], [undefined], undefined]);
  assert.equal(crowd.isSettled, true);
});

it('parses only frames of messages that it follows', () => {
  const { crowd, sent, told } = create({ sampleEvery: 2 });
  crowd.send();
  crowd.onFrame(1, `${frameOf(sent[0]!).slice(0, -20)}`);
  assert.deepEqual(told, { delivered: [1] });
  crowd.send();
  assert.match(sent[1]!.payload.body, /^k6!/);
});
