import type { TestEvent } from 'node:test/reporters';
import { relative } from 'node:path';

/** Of the files, the ones that a suite takes longest for. */
const slowest = 5;

/** Prints the totals of the whole run and its slowest files as one JSON line; the totals are the summary that names no file. */
export default async function* tallyReporter(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  const files: { file: string; seconds: number }[] = [];
  for await (const event of source) {
    if (event.type !== 'test:summary') continue;
    const { file, duration_ms: ms } = event.data;
    if (file !== undefined) {
      files.push({ file: relative(process.cwd(), file), seconds: Math.round(ms / 1_000) });
      continue;
    }
    const { passed, failed, cancelled } = event.data.counts as Record<string, number>;
    const slow = files.sort((a, b) => b.seconds - a.seconds).slice(0, slowest);
    yield `${JSON.stringify({ passed, failed: (failed ?? 0) + (cancelled ?? 0), slow })}\n`;
  }
}
