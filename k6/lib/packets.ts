/** Engine.IO 4 and Socket.IO 5 packets as text frames: what a load client needs of them, without a library. */

export interface WireFault {
  code: string;
  message: string;
  retryAfterMs?: number;
}
export type AckAnswer = { ok: true; data: unknown } | { ok: false; error: WireFault };

export type Packet =
  | { kind: 'open'; pingIntervalMs: number; pingTimeoutMs: number }
  | { kind: 'ping' }
  | { kind: 'connected' }
  | { kind: 'refused'; error: WireFault }
  | { kind: 'ack'; id: number; answer: AckAnswer }
  /** Not parsed: most events of a load test are only counted. */
  | { kind: 'event'; text: string }
  | { kind: 'closed' }
  | { kind: 'other' };

export const PONG = '3';
const ENTRIES = '42["entries"';
/** Every entry that is a message carries it once; our own bodies never hold it. */
const PER_MESSAGE = '"clientMsgId":';

export function encodeConnect(auth: Record<string, unknown>): string {
  return `40${JSON.stringify(auth)}`;
}

export function encodeEvent(ackId: number, event: string, payload: unknown): string {
  return `42${ackId}${JSON.stringify([event, payload])}`;
}

/** `https://chat.example.com` → `wss://chat.example.com/socket.io/?EIO=4&transport=websocket`; a path prefix is kept. */
export function socketUrl(url: string): string {
  return `${url.replace(/^http/, 'ws').replace(/\/+$/, '')}/socket.io/?EIO=4&transport=websocket`;
}

export function isEntries(text: string): boolean {
  return text.startsWith(ENTRIES);
}

/** How many messages an `entries` frame brings, without parsing it. */
export function countMessages(text: string): number {
  return text.split(PER_MESSAGE).length - 1;
}

export function parseEvent(text: string): { name: string; payload: unknown } {
  const [name, payload] = JSON.parse(text.slice(text.indexOf('['))) as [string, unknown];
  return { name, payload };
}

function toFault(raw: string): WireFault {
  const { message = 'refused', data } = JSON.parse(raw || '{}') as { message?: string; data?: Partial<WireFault> };
  return { code: data?.code ?? 'refused', message, retryAfterMs: data?.retryAfterMs };
}

function parseAck(text: string): Packet {
  const bracket = text.indexOf('[');
  const [answer] = JSON.parse(text.slice(bracket)) as [AckAnswer];
  return { kind: 'ack', id: Number(text.slice(2, bracket)), answer };
}

function parseMessage(text: string): Packet {
  switch (text[1]) {
    case '0':
      return { kind: 'connected' };
    case '1':
      return { kind: 'closed' };
    case '2':
      return { kind: 'event', text };
    case '3':
      return parseAck(text);
    case '4':
      return { kind: 'refused', error: toFault(text.slice(2)) };
    default:
      return { kind: 'other' };
  }
}

/** The first two characters decide; only acks and refusals are parsed further. */
export function parsePacket(text: string): Packet {
  switch (text[0]) {
    case '0': {
      const { pingInterval, pingTimeout } = JSON.parse(text.slice(1)) as { pingInterval: number; pingTimeout: number };
      return { kind: 'open', pingIntervalMs: pingInterval, pingTimeoutMs: pingTimeout };
    }
    case '1':
      return { kind: 'closed' };
    case '2':
      return { kind: 'ping' };
    case '4':
      return parseMessage(text);
    default:
      return { kind: 'other' };
  }
}
