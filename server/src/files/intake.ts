import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import type { FileStore } from './store.ts';
import { SNIFF_BYTES } from './types.ts';

/** Why what was uploaded is not what was announced. */
export class IntakeError extends Error {
  override name = 'IntakeError';
  readonly path: 'upload' | 'bytes' | 'sha256';

  constructor(path: IntakeError['path'], message: string) {
    super(message);
    this.path = path;
  }
}

export interface Expected {
  bytes: number;
  /** Hex. */
  sha256: string;
}

/** The objects one after the other. */
async function* concatenate(store: FileStore, keys: readonly string[]): AsyncGenerator<Buffer> {
  for (const key of keys) {
    const part = await store.read(key);
    if (part === undefined) throw new IntakeError('upload', 'nothing was uploaded, or not all of it');
    yield* part as AsyncIterable<Buffer>;
  }
}

/** Ends with an error instead of the end when it was not what was announced, so that nothing of it is kept. */
async function* verified(source: AsyncIterable<Buffer>, expected: Expected): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.length;
    if (bytes > expected.bytes) throw new IntakeError('bytes', `is more than ${expected.bytes} bytes`);
    hash.update(chunk);
    yield chunk;
  }
  if (bytes < expected.bytes) throw new IntakeError('bytes', `is ${bytes} bytes, not ${expected.bytes}`);
  if (hash.digest('hex') !== expected.sha256) throw new IntakeError('sha256', 'is not the checksum of what was uploaded');
}

/** The beginning, and everything again as one stream. */
async function peek(source: AsyncGenerator<Buffer>): Promise<{ head: Buffer; whole: Readable }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  while (bytes < SNIFF_BYTES) {
    const { value, done } = await source.next();
    if (done) break;
    chunks.push(value);
    bytes += value.length;
  }
  async function* whole() {
    yield* chunks;
    yield* source;
  }
  return { head: Buffer.concat(chunks), whole: Readable.from(whole(), { objectMode: false }) };
}

/**
 * Copies what was uploaded to where nobody can write, and checks it on the way: an upload URL that still works changes nothing
 * that was checked. `place` tells the key by the beginning of the content. Throws IntakeError.
 */
export async function takeIn(
  store: FileStore,
  keys: readonly string[],
  expected: Expected,
  place: (head: Buffer) => Promise<{ key: string; type: string }>,
): Promise<{ type: string }> {
  const { head, whole } = await peek(verified(concatenate(store, keys), expected));
  const { key, type } = await place(head);
  await store.write(key, whole, type);
  return { type };
}
