import type { Entry, ServerEvents } from '@chatcluster/protocol';

const CONVERSATION = '01931b3e-7c5a-7b3e-9d2f-3a4b5c6d7e8f';
const ACTOR = '01931b3e-7c5a-7b3e-9d2f-000000000001';
const AT = '2026-01-01T12:00:00.000Z';

/** An `entries` event whose message bodies make up the size: the JSON around one takes about 190 bytes, so 200 B are the body. */
export function entriesOf200Bytes(count = 1): ServerEvents['entries'] {
  const body = 'x'.repeat(200);
  const entry = (seq: number): Entry => ({ seq, type: 'message', id: CONVERSATION, at: AT, actorId: ACTOR, data: { body } });
  return { conversationId: CONVERSATION, entries: Array.from({ length: count }, (_, i) => entry(i + 1)) };
}
