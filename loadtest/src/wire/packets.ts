import { markOf } from '../oracle/marks.ts';

/** As much of an entry as the oracle needs. */
export interface WireEntry {
  seq: number;
  mark: number;
  isMessage: boolean;
  actorId: string;
  /** When its sender meant to send it (`nowMs`); 0 when it is not a message of this run. */
  intendedAtMs: number;
  /** Index of the thread and of the pod that the sender was connected to; −1 when it is not known. */
  origin: string;
}

export interface WireEntries {
  conversationId: string;
  entries: WireEntry[];
}

/** `lt <when> <pod> <words>`: the stamp that our messages begin with. */
const STAMP = 'lt ';
const PADDING = 'lunch is at twelve as usual, and the lift works again since this morning';

export function createBody(intendedAtMs: number, podId: string): string {
  return `${STAMP}${intendedAtMs.toFixed(2)} ${podId || '-'} ${PADDING}`;
}

interface RawEntry {
  seq: number;
  type: string;
  id: string;
  actorId: string;
  data?: { body?: string };
}

export function readEntry({ seq, type, id, actorId, data }: RawEntry): WireEntry {
  const body = type === 'message' ? (data?.body ?? '') : '';
  const [, when = '0', origin = ''] = body.startsWith(STAMP) ? body.split(' ', 3) : [];
  return { seq, mark: markOf(id), isMessage: type === 'message', actorId, intendedAtMs: Number(when), origin };
}

const REMEMBERED = 128;

/**
 * Reads `42["entries",…]`. Everybody in a conversation gets the same bytes, and they come close together: a small memory of
 * what has been read turns most of the parsing into a look-up.
 */
export function createEntriesReader(): (text: string) => WireEntries {
  const known = new Map<string, WireEntries>();
  return (text) => {
    const found = known.get(text);
    if (found) return found;
    const [, payload] = JSON.parse(text.slice(2)) as [string, { conversationId: string; entries: RawEntry[] }];
    const read = { conversationId: payload.conversationId, entries: payload.entries.map(readEntry) };
    if (known.size >= REMEMBERED) known.delete(known.keys().next().value ?? '');
    known.set(text, read);
    return read;
  };
}

/** The name of a `42["name",…]` packet. */
export function eventName(text: string): string {
  return text.slice(4, text.indexOf('"', 4));
}

export function eventPayload<T>(text: string): T {
  return (JSON.parse(text.slice(2)) as [string, T])[1];
}

/** `43<id>[ack]`. */
export function readAck(text: string): { id: number; json: string } {
  const bracket = text.indexOf('[');
  return { id: Number(text.slice(2, bracket)), json: text.slice(bracket) };
}

export function socketUrl(base: string): URL {
  return new URL('/socket.io/?EIO=4&transport=websocket', base);
}
