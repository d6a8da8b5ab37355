import type { Readable } from 'node:stream';

export interface SignedRequest {
  method: 'PUT';
  /** On the volume a path of this installation. */
  url: string;
  /** To be sent as they are. */
  headers: Record<string, string>;
}

export interface Download {
  type: string;
  name: string;
  /** Shown by the browser itself; false: saved as a file. */
  isInline: boolean;
}

/**
 * Where the bytes are. Keys are made here (`keys.ts`), never by callers. Whoever has a signed URL may use it until it expires:
 * access is decided when one is given out.
 */
export interface FileStore {
  /** For exactly this many bytes. */
  signUpload(key: string, bytes: number, expiresInSeconds: number): Promise<SignedRequest>;
  /** The same URL for a while, so that browsers find what they have. Works for `atLeastSeconds` to twice of that. */
  signDownload(key: string, download: Download, atLeastSeconds: number): Promise<string>;
  /** undefined: there is none. */
  size(key: string): Promise<number | undefined>;
  /** undefined: there is none. */
  read(key: string): Promise<Readable | undefined>;
  /** All or nothing: when `content` fails, what was there before stays. */
  write(key: string, content: Readable, type: string): Promise<void>;
  /** Those that do not exist are passed over. */
  remove(keys: string[]): Promise<void>;
  [Symbol.dispose](): void;
}
