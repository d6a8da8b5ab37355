import { Decoder as StockDecoder, Encoder } from 'socket.io-parser';

/** Stands in for the payload of an event that is above the limit. */
export const TOO_LARGE = Symbol('too large');
/** Stands in for the payload of a binary event: no event of the contract has one. */
export const BINARY = Symbol('binary');

interface DecodedPacket {
  type: number;
  data?: unknown;
}
/** `decodeString` is the one step between text and packet; the typings call it private. */
type OpenDecoder = new () => { decodeString(text: string): DecodedPacket };
const EVENT = 2;
const BINARY_EVENT = 5;
/** Engine.IO type, Socket.IO type, ack id, event name and brackets around the payload. */
const ENVELOPE_BYTES = 64;

function isLarger(text: string, maxBytes: number): boolean {
  return text.length * 3 > maxBytes && Buffer.byteLength(text) > maxBytes + ENVELOPE_BYTES;
}

/**
 * The stock parser, except that an event above `maxBytes` keeps its name and ack but loses its payload: the gateway
 * then answers `too_large` and no handler sees it. Frames above 1 MiB never get here.
 */
export function createParser(maxBytes: number) {
  class Decoder extends (StockDecoder as unknown as OpenDecoder) {
    override decodeString(text: string): DecodedPacket {
      const packet = super.decodeString(text);
      if ((packet.type === EVENT || packet.type === BINARY_EVENT) && Array.isArray(packet.data)) {
        if (isLarger(text, maxBytes)) packet.data = [packet.data[0], TOO_LARGE];
        else if (packet.type === BINARY_EVENT) packet.data = [packet.data[0], BINARY];
      }
      return packet;
    }
  }
  return { Encoder, Decoder };
}
