import type { TestEvent } from 'node:test/reporters';

/** Prints the totals of the whole run as one JSON line; the totals are the summary that names no file. */
export default async function* tallyReporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    if (event.type !== 'test:summary' || event.data.file !== undefined) continue;
    const { passed, failed, cancelled } = event.data.counts as Record<string, number>;
    yield `${JSON.stringify({ passed, failed: (failed ?? 0) + (cancelled ?? 0) })}\n`;
  }
}
