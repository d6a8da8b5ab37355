import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';

/** Large enough for one read of many frames; the callbacks copy what they keep. */
const READ_BYTES = 65_536;

export interface RawSocketOptions {
  port: number;
  path: string;
  /** Every text message. */
  onText(text: string): void;
  onClose?(): void;
}

/**
 * A WebSocket client that does next to nothing, so that measuring a server does not mean measuring its clients.
 * Only what our servers send is understood: unfragmented text frames without compression.
 */
export class RawSocket {
  /** When set, bytes are only counted: no frame is looked at. */
  onBytes: ((bytes: number) => void) | undefined;
  readonly opened: Promise<void>;
  readonly #socket: Socket;
  readonly #onText: (text: string) => void;
  #rest: Buffer = Buffer.alloc(0);
  #isOpen = false;
  #open: () => void = () => undefined;

  constructor({ port, path, onText, onClose }: RawSocketOptions) {
    this.#onText = onText;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.opened = promise;
    this.#open = resolve;
    const buffer = sharedBuffer;
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer, callback: (bytes) => this.#take(bytes) } });
    this.#socket.once('error', reject);
    this.#socket.on('close', () => {
      reject(new Error('closed before it was open'));
      onClose?.();
    });
    const key = randomBytes(16).toString('base64');
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
    );
  }

  send(text: string): void {
    this.#socket.write(clientFrame(text));
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(bytes: number): boolean {
    if (this.onBytes) this.onBytes(bytes);
    else if (this.#isOpen) this.#read(sharedBuffer.subarray(0, bytes));
    else this.#readHead(sharedBuffer.subarray(0, bytes));
    return true;
  }

  #readHead(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) return;
    if (!this.#rest.subarray(0, 12).toString().endsWith('101')) {
      this.#socket.destroy(new Error(`refused: ${this.#rest.subarray(0, end).toString().split('\r\n')[0]}`));
      return;
    }
    const after = this.#rest.subarray(end + 4);
    this.#rest = Buffer.alloc(0);
    this.#isOpen = true;
    this.#open();
    if (after.length > 0) this.#read(after);
  }

  #read(chunk: Buffer): void {
    const data = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    let at = 0;
    for (let frame = frameAt(data, at); frame; frame = frameAt(data, at)) {
      if (frame.opcode === 1) this.#onText(data.toString('utf8', frame.start, frame.end));
      at = frame.end;
    }
    this.#rest = at === data.length ? Buffer.alloc(0) : Buffer.from(data.subarray(at));
  }
}

/** One for all: a read is finished before the next one begins. */
const sharedBuffer = Buffer.alloc(READ_BYTES);

function frameAt(data: Buffer, at: number): { opcode: number; start: number; end: number } | undefined {
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
  return data.length < start + length ? undefined : { opcode: data[at]! & 0x0f, start, end: start + length };
}

/** Masked with zeros, which the standard allows and which costs nothing. */
function clientFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = payload.length < 126 ? Buffer.alloc(6) : Buffer.alloc(8);
  head[0] = 0x81;
  head[1] = 0x80 | (payload.length < 126 ? payload.length : 126);
  if (payload.length >= 126) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}
