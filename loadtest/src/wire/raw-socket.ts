import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { clientFrame, frameAt } from './frames.ts';

/** One read of many frames; it is finished before the next one begins, so that all sockets share it. */
const shared = Buffer.alloc(65_536);
const none = Buffer.alloc(0);
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const HEAD_MAX = 16_384;

export interface Refusal {
  status: number;
  retryAfterMs: number | undefined;
}

export interface RawSocketOptions {
  url: URL;
  /** Each text message, as Latin-1: numbers, ids and keys are ASCII, and nobody here reads words. */
  onText(text: string): void;
  /** Once. `refusal` is the answer to the upgrade when that was no 101. */
  onClose(refusal: Refusal | undefined): void;
}

/** A WebSocket client that does next to nothing, so that measuring a server does not mean measuring its clients. */
export class RawSocket {
  readonly #options: RawSocketOptions;
  readonly #socket: Socket;
  #rest: Buffer = none;
  #parts: string[] = [];
  #isOpen = false;
  #isMute = false;
  #isClosed = false;

  constructor(options: RawSocketOptions) {
    this.#options = options;
    const { url } = options;
    const isTls = ['https:', 'wss:'].includes(url.protocol);
    const port = Number(url.port) || (isTls ? 443 : 80);
    // Brackets belong to the address in a URL only.
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const onread = { buffer: shared, callback: (bytes: number) => this.#take(shared.subarray(0, bytes)) };
    if (isTls) {
      this.#socket = connectTls({ port, host, servername: host });
      this.#socket.on('data', (data) => void this.#take(data));
      this.#socket.setNoDelay(true);
    } else this.#socket = connect({ port, host, noDelay: true, onread });
    // A reset or a refused connection also closes, and that is all that matters here.
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => this.#closed(undefined));
    this.#socket.write(upgradeRequest(url));
  }

  send(text: string): void {
    if (!this.#isMute) this.#socket.write(clientFrame(TEXT, Buffer.from(text)));
  }

  close(): void {
    this.#socket.destroy();
  }

  /** Neither reads nor writes any more, and does not say so: to the server the other end has vanished. */
  mute(): void {
    this.#isMute = true;
    this.#socket.pause();
  }

  #closed(refusal: Refusal | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#options.onClose(refusal);
  }

  #take(chunk: Buffer): boolean {
    if (this.#isMute) return false;
    if (this.#isOpen) this.#read(chunk);
    else this.#readHead(chunk);
    return true;
  }

  #readHead(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const end = this.#rest.indexOf('\r\n\r\n');
    if (end < 0) {
      if (this.#rest.length > HEAD_MAX) this.#socket.destroy();
      return;
    }
    const head = this.#rest.toString('latin1', 0, end);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0);
    if (status !== 101) {
      this.#closed({ status, retryAfterMs: retryAfterMs(/^retry-after:\s*(.+)$/im.exec(head)?.[1]) });
      this.#socket.destroy();
      return;
    }
    const after = this.#rest.subarray(end + 4);
    this.#rest = none;
    this.#isOpen = true;
    if (after.length > 0) this.#read(after);
  }

  #read(chunk: Buffer): void {
    const data = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    let at = 0;
    for (let frame = frameAt(data, at); frame; frame = frameAt(data, at)) {
      at = frame.end;
      if (frame.opcode <= TEXT) this.#onPart(data.toString('latin1', frame.start, frame.end), frame.isFinal);
      else if (frame.opcode === PING) this.#socket.write(clientFrame(PONG, data.subarray(frame.start, frame.end)));
      else if (frame.opcode === CLOSE) this.#socket.end();
    }
    this.#rest = at === data.length ? none : Buffer.from(data.subarray(at));
  }

  #onPart(text: string, isFinal: boolean): void {
    if (isFinal && this.#parts.length === 0) return this.#options.onText(text);
    this.#parts.push(text);
    if (!isFinal) return;
    const whole = this.#parts.join('');
    this.#parts = [];
    this.#options.onText(whole);
  }
}

function upgradeRequest(url: URL): string {
  return (
    `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`
  );
}

/** A `Retry-After` in seconds or as a date; undefined when there is none. */
export function retryAfterMs(header: string | null | undefined): number | undefined {
  if (!header) return undefined;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000);
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
