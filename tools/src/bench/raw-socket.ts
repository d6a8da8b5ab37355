import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { clientFrame, frameAt } from '@chatcluster/loadtest/wire/frames';

/** Large enough for one read of many frames; the callbacks copy what they keep. */
const READ_BYTES = 65_536;
const TEXT = 1;
const PING = 9;
const PONG = 10;

export interface RawSocketOptions {
  port: number;
  path: string;
  /** Every text message. */
  onText(text: string): void;
  onClose?(): void;
  /** Offers compression. What comes can then only be counted. */
  deflate?: boolean | undefined;
}

/**
 * A WebSocket client that does next to nothing, so that measuring a server does not mean measuring its clients.
 * Only what our servers send is understood: unfragmented text frames without compression. A ping is answered; ours send none.
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

  constructor({ port, path, onText, onClose, deflate = false }: RawSocketOptions) {
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
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${deflate ? 'Sec-WebSocket-Extensions: permessage-deflate\r\n' : ''}\r\n`,
    );
  }

  send(text: string): void {
    this.#socket.write(clientFrame(TEXT, Buffer.from(text)));
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
      if (frame.opcode === TEXT) this.#onText(data.toString('utf8', frame.start, frame.end));
      else if (frame.opcode === PING) this.#socket.write(clientFrame(PONG, data.subarray(frame.start, frame.end)));
      at = frame.end;
    }
    this.#rest = at === data.length ? Buffer.alloc(0) : Buffer.from(data.subarray(at));
  }
}

/** One for all: a read is finished before the next one begins. */
const sharedBuffer = Buffer.alloc(READ_BYTES);
