import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { markOf } from '../oracle/marks.ts';
import { clientFrame, frameAt } from './frames.ts';
import { createBody, createEntriesReader, eventName, eventPayload, readAck, readEntry, socketUrl } from './packets.ts';
import { retryAfterMs } from './raw-socket.ts';

const id = '0190a3c4-1111-5222-8333-0123456789ab';

/** A server's frame: the same, without the mask. */
function serverFrame(payload: Buffer): Buffer {
  const masked = clientFrame(1, payload);
  masked[1]! &= 0x7f;
  const maskAt = masked.length - payload.length - 4;
  return Buffer.concat([masked.subarray(0, maskAt), payload]);
}

test('frames of every length are found again, wherever the stream is cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(0, 1, 125, 126, 127, 65_535, 65_536, 70_000), { minLength: 1, maxLength: 4 }),
      fc.nat(),
      (lengths, cut) => {
        const payloads = lengths.map((length, i) => Buffer.alloc(length, 97 + i));
        const stream = Buffer.concat(payloads.map(serverFrame));
        const part = stream.subarray(0, cut % (stream.length + 1));
        let at = 0;
        let count = 0;
        for (let frame = frameAt(part, at); frame; frame = frameAt(part, at)) {
          assert.deepEqual(part.subarray(frame.start, frame.end), payloads[count]);
          at = frame.end;
          count += 1;
        }
        if (part.length === stream.length) assert.equal(count, lengths.length);
        else assert.ok(count <= lengths.length);
      },
    ),
  );
});

test('an entry gives what the oracle needs, and the stamp of its sender', () => {
  const body = createBody(1_234.5678, 'pod-1');
  const entry = readEntry({ seq: 7, type: 'message', id, actorId: 'a', data: { body } });
  assert.deepEqual(entry, { seq: 7, mark: markOf(id), isMessage: true, actorId: 'a', intendedAtMs: 1_234.57, origin: 'pod-1' });
});

test('an entry of somebody else or of another type has no stamp', () => {
  assert.equal(readEntry({ seq: 1, type: 'message', id, actorId: 'a', data: { body: 'hello' } }).intendedAtMs, 0);
  assert.equal(readEntry({ seq: 1, type: 'pin', id, actorId: 'a' }).intendedAtMs, 0);
});

test('the same frame is read once for everybody who gets it', () => {
  const read = createEntriesReader();
  const text = `42["entries",${JSON.stringify({ conversationId: 'c', entries: [{ seq: 1, type: 'message', id, actorId: 'a', data: { body: 'x' } }] })}]`;
  assert.equal(read(text), read(text));
  for (let i = 0; i < 500; i += 1) read(text.replace('"x"', `"${i}"`));
  assert.deepEqual(
    read(text).entries.map(({ seq }) => seq),
    [1],
  );
});

test('packets are taken apart without parsing what nobody needs', () => {
  assert.equal(eventName('42["server:drain",{"reconnectInMs":5}]'), 'server:drain');
  assert.deepEqual(eventPayload('42["server:drain",{"reconnectInMs":5}]'), { reconnectInMs: 5 });
  assert.deepEqual(readAck('4312[{"ok":true}]'), { id: 12, json: '[{"ok":true}]' });
  assert.equal(socketUrl('https://chat.example.com').href, 'https://chat.example.com/socket.io/?EIO=4&transport=websocket');
});

test('Retry-After is understood as seconds and as a date', () => {
  assert.equal(retryAfterMs('2'), 2_000);
  assert.equal(retryAfterMs('-3'), 0);
  assert.equal(retryAfterMs('soon'), undefined);
  assert.equal(retryAfterMs(undefined), undefined);
  assert.equal(retryAfterMs('Thu, 01 Jan 1970 00:00:00 GMT'), 0);
});
