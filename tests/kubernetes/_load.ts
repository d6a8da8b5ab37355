import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const main = join(import.meta.dirname, '..', '..', 'loadtest', 'src', 'main.ts');

export interface LoadCounters {
  acknowledged: number;
  deliveries: number;
  /** Connections that ended without a hint before. */
  drops: number;
  hints: number;
}

export interface Load {
  /** Resolves when it is under way. */
  readonly running: Promise<void>;
  /** What its clients met, once it ended; rejects when its oracle found anything. */
  readonly verdict: Promise<LoadCounters>;
  /** Ends it before its time; the verdict follows. */
  stop(): void;
}

/** The load generator with its oracle, against the front of the cluster. */
export function startLoad(env: Record<string, string>): Load {
  const outDir = mkdtempSync(join(tmpdir(), 'chat-load-'));
  const child = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, OUT: outDir, ...env } });
  let output = '';
  const { promise: running, resolve, reject } = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part: string) => {
      output += part;
      if (/ of \d+ connected/.test(output)) resolve();
    });
  }
  const verdict = once(child, 'close').then(([code]: unknown[]) => {
    const tail = output.split('\n').slice(-40).join('\n');
    reject(new Error(`the load ended before it began:\n${tail}`));
    if (code !== 0) throw new Error(`the load ended with ${String(code)}:\n${tail}`);
    const report = readdirSync(outDir).find((file) => file.endsWith('.json')) ?? '';
    const { counters } = JSON.parse(readFileSync(join(outDir, report), 'utf8')) as { counters: LoadCounters };
    rmSync(outDir, { recursive: true, force: true });
    return counters;
  });
  // Looked at by the test when the fault is over.
  verdict.catch(() => undefined);
  running.catch(() => undefined);
  return { running, verdict, stop: () => void child.kill('SIGINT') };
}
