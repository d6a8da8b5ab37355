export interface Frame {
  opcode: number;
  isFinal: boolean;
  start: number;
  end: number;
}

/** The frame that begins at `at`, when all of it is there. Servers never mask. */
export function frameAt(data: Buffer, at: number): Frame | undefined {
  if (data.length < at + 2) return undefined;
  let length = data[at + 1]! & 0x7f;
  let start = at + 2;
  if (length === 126) {
    if (data.length < at + 4) return undefined;
    length = data.readUInt16BE(at + 2);
    start = at + 4;
  } else if (length === 127) {
    if (data.length < at + 10) return undefined;
    length = Number(data.readBigUInt64BE(at + 2));
    start = at + 10;
  }
  if (data.length < start + length) return undefined;
  return { opcode: data[at]! & 0x0f, isFinal: (data[at]! & 0x80) !== 0, start, end: start + length };
}

/** Masked with zeros, which the standard allows and which costs nothing. */
export function clientFrame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  const size = length < 126 ? 6 : length < 65_536 ? 8 : 14;
  const frame = Buffer.alloc(size + length);
  frame[0] = 0x80 | opcode;
  if (size === 6) frame[1] = 0x80 | length;
  else if (size === 8) {
    frame[1] = 0x80 | 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 0x80 | 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  payload.copy(frame, size);
  return frame;
}
