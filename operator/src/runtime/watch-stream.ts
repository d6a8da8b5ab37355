import type { WatchEvent } from './client-types.ts';
import { apiErrorOf } from './errors.ts';

/** An object is 3 MiB at most in etcd; JSON with escapes may be twice that. A longer line is no watch. */
const maxLineBytes = 16 * 2 ** 20;

/** Splits at line ends only, so that a character cut in two by the network is whole again. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, end));
      const line = Buffer.concat(parts).toString('utf8');
      parts = [];
      bytes = 0;
      from = end + 1;
      if (line.trim()) yield line;
    }
    if (from < chunk.length) parts.push(chunk.subarray(from));
    bytes += chunk.length - from;
    if (bytes > maxLineBytes) throw new RangeError(`a watch event is longer than ${maxLineBytes} bytes`);
  }
  // What is left has no line end: the stream broke in the middle of an event, and the resume will bring it again.
}

const types = new Set(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK']);

/** Throws an ApiError for an ERROR event, such as 410 after compaction. */
export function parseWatchEvent<T>(line: string): WatchEvent<T> {
  const event = JSON.parse(line) as { type?: string; object?: { code?: number; metadata?: unknown } };
  if (event.type === 'ERROR') throw apiErrorOf(event.object?.code ?? 500, JSON.stringify(event.object));
  if (!types.has(event.type ?? '') || !event.object?.metadata) throw new TypeError('the API server sent a watch event of an unknown form');
  return event as WatchEvent<T>;
}

export async function* watchEventsOf<T>(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<WatchEvent<T>> {
  for await (const line of linesOf(chunks)) yield parseWatchEvent<T>(line);
}
