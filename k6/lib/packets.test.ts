import assert from 'node:assert/strict';
import { it } from 'node:test';
import { countMessages, encodeConnect, encodeEvent, isEntries, parseEvent, parsePacket, socketUrl } from './packets.ts';

it('encodes CONNECT with credentials and events with the id of their ack', () => {
  assert.equal(encodeConnect({ token: 'a"b' }), '40{"token":"a\\"b"}');
  assert.equal(encodeEvent(17, 'typing', { on: true }), '4217["typing",{"on":true}]');
});

it('makes the WebSocket address of an installation, whatever its scheme and path', () => {
  assert.equal(socketUrl('http://localhost:8080'), 'ws://localhost:8080/socket.io/?EIO=4&transport=websocket');
  assert.equal(socketUrl('https://chat.example.com/team/'), 'wss://chat.example.com/team/socket.io/?EIO=4&transport=websocket');
});

const packets: Record<string, [string, unknown]> = {
  'the handshake tells the ping times': [
    '0{"sid":"x","upgrades":[],"pingInterval":20000,"pingTimeout":10000,"maxPayload":1000000}',
    { kind: 'open', pingIntervalMs: 20_000, pingTimeoutMs: 10_000 },
  ],
  'a ping': ['2', { kind: 'ping' }],
  'CONNECT was accepted': ['40{"sid":"y"}', { kind: 'connected' }],
  'CONNECT was refused, with a hint': [
    '44{"message":"Too many","data":{"code":"overloaded","message":"Too many","retryable":true,"retryAfterMs":50}}',
    { kind: 'refused', error: { code: 'overloaded', message: 'Too many', retryAfterMs: 50 } },
  ],
  'CONNECT was refused without data': ['44', { kind: 'refused', error: { code: 'refused', message: 'refused', retryAfterMs: undefined } }],
  'a good answer': ['4312[{"ok":true,"data":{"seq":3}}]', { kind: 'ack', id: 12, answer: { ok: true, data: { seq: 3 } } }],
  'a bad answer': [
    '430[{"ok":false,"error":{"code":"rate_limited","message":"slower"}}]',
    { kind: 'ack', id: 0, answer: { ok: false, error: { code: 'rate_limited', message: 'slower' } } },
  ],
  'an event stays text': ['42["typing",{}]', { kind: 'event', text: '42["typing",{}]' }],
  'the server disconnects': ['41', { kind: 'closed' }],
  'Engine.IO closes': ['1', { kind: 'closed' }],
  'noop and binary are passed over': ['6', { kind: 'other' }],
  'an empty frame is passed over': ['', { kind: 'other' }],
};
for (const [sentence, [text, expected]] of Object.entries(packets)) {
  it(`reads: ${sentence}`, () => assert.deepEqual(parsePacket(text), expected));
}

it('counts the messages of an entries frame without parsing it', () => {
  const entry = (seq: number) => ({ seq, type: 'message', clientMsgId: `id-${seq}`, data: { body: 'says: "clientMsgId" is a name' } });
  const frame = `42${JSON.stringify(['entries', { conversationId: 'c', entries: [entry(1), entry(2), { seq: 3, type: 'member' }] }])}`;
  assert.equal(isEntries(frame), true);
  assert.equal(countMessages(frame), 2);
  assert.equal(isEntries('42["typing",{}]'), false);
});

it('parses an event when asked, with or without an ack id', () => {
  assert.deepEqual(parseEvent('42["a",{"b":1}]'), { name: 'a', payload: { b: 1 } });
  assert.deepEqual(parseEvent('427["a",{"b":1}]'), { name: 'a', payload: { b: 1 } });
});
