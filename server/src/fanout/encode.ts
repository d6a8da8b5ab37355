import type { ServerEventName, ServerEvents } from '@chatcluster/protocol';
import { Sender } from 'ws';
import type { EncodedPacket } from './types.ts';

/** The Socket.IO packet text of one event in namespace `/`: type 2 (EVENT), no ack id. */
export function encodeEvent<E extends ServerEventName>(event: E, payload: ServerEvents[E]): EncodedPacket {
  return { text: `2${JSON.stringify([event, payload])}` };
}

/**
 * The ready WebSocket frame of the packet behind Engine.IO's `4` (message). Made once and shared by all sockets:
 * framing per socket was the larger part of the cost of a broadcast. Whoever writes it must not change it.
 */
export function frameOf(packet: EncodedPacket): Buffer {
  packet.frame ??= Buffer.concat(
    Sender.frame(Buffer.from(`4${packet.text}`), { readOnly: false, mask: false, rsv1: false, opcode: 1, fin: true }),
  );
  return packet.frame;
}
