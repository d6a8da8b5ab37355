import assert from 'node:assert/strict';
import { it } from 'node:test';
import { createFakeSocket, OPEN } from './_fake-socket.ts';
import { ChatSocket } from './chat-socket.ts';

function connect() {
  const fake = createFakeSocket();
  const clock = { ms: 0 };
  const events: string[] = [];
  const ends: unknown[] = [];
  const socket = new ChatSocket({
    open: () => fake.socket,
    auth: { token: 't' },
    ackTimeoutMs: 1_000,
    nowMs: () => clock.ms,
    onEvent: (text) => events.push(text),
    onEnd: (reason, fault) => ends.push(fault ? [reason, fault] : reason),
  });
  return { fake, clock, events, ends, socket };
}

it('sends CONNECT when the handshake has come, and pongs for pings', () => {
  const { fake, ends } = connect();
  assert.deepEqual(fake.sent, []);
  fake.receive(OPEN);
  fake.receive('2');
  assert.deepEqual(fake.sent, ['40{"token":"t"}', '3']);
  assert.deepEqual(ends, []);
});

it('hands every ack to its own send, with the time it took', () => {
  const { fake, clock, socket } = connect();
  const got: unknown[] = [];
  socket.emit('a', {}, (answer, ms) => got.push(['a', answer, ms]));
  socket.emit('b', {}, (answer, ms) => got.push(['b', answer, ms]));
  clock.ms = 7;
  fake.receive('432[{"ok":true,"data":1}]');
  fake.receive('432[{"ok":true,"data":2}]');
  fake.receive('431[{"ok":false,"error":{"code":"invalid","message":"no"}}]');
  assert.deepEqual(got, [
    ['b', { ok: true, data: 1 }, 7],
    ['a', { ok: false, error: { code: 'invalid', message: 'no' } }, 7],
  ]);
  assert.equal(socket.pending, 0);
});

it('gives up on answers that are late and leaves the others open', () => {
  const { clock, socket } = connect();
  const got: unknown[] = [];
  socket.emit('old', {}, (answer) => got.push(answer));
  clock.ms = 600;
  socket.emit('young', {}, (answer) => got.push(answer));
  clock.ms = 1_000;
  socket.sweep();
  assert.deepEqual(got, [undefined]);
  assert.equal(socket.pending, 1);
});

it('ends, once, when the server is silent for longer than its ping times', () => {
  const { fake, clock, ends, socket } = connect();
  fake.receive(OPEN);
  clock.ms = 30_000;
  socket.sweep();
  assert.deepEqual(ends, []);
  clock.ms = 30_001;
  socket.sweep();
  fake.fire('close');
  assert.deepEqual(ends, ['the server fell silent']);
  assert.equal(fake.closes(), 1);
});

it('answers what is open with nothing when the connection is lost', () => {
  const { fake, socket, ends } = connect();
  const got: unknown[] = [];
  socket.emit('a', {}, (answer) => got.push(answer));
  fake.fire('error', { error: 'reset' });
  socket.emit('b', {}, (answer) => got.push(answer));
  assert.deepEqual(got, [undefined, undefined]);
  assert.deepEqual(ends, ['connection failed: reset']);
});

it('tells why CONNECT was refused', () => {
  const { fake, ends } = connect();
  fake.receive(OPEN);
  fake.receive('44{"message":"m","data":{"code":"overloaded","message":"m","retryAfterMs":40}}');
  assert.deepEqual(ends, [['refused: overloaded', { code: 'overloaded', message: 'm', retryAfterMs: 40 }]]);
});

it('passes events on without parsing them', () => {
  const { fake, events } = connect();
  fake.receive('42["entries",{broken');
  assert.deepEqual(events, ['42["entries",{broken']);
});
