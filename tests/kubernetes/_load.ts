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
  /** Hints to balance the pods for clients that were moved less than five minutes ago. */
  movedAgain: number;
}

/** What the load generator writes, as far as it is looked at here. */
export interface LoadReport {
  counters: LoadCounters;
  seconds: number;
  settings: { seed: number; users: number };
  times: Partial<Record<'ack' | 'delivery', { p50: number; p99: number; max: number }>>;
  verdict: {
    queued: number;
    deliveries: number;
    counts: Record<string, number>;
  };
}

export interface Load {
  /** Resolves when it is under way. */
  readonly running: Promise<void>;
  /** What its clients met, once it ended; rejects when its oracle found anything. */
  readonly verdict: Promise<LoadCounters>;
  /** The same whatever was found; rejects when it could not run to its end. */
  readonly report: Promise<LoadReport>;
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
  const words = () => output.split('\n').filter((line, i, all) => line.includes('SEED=') || i >= all.length - 40);
  const ended = once(child, 'close').then(([code]: unknown[]) => {
    reject(new Error(`the load ended before it began:\n${words().join('\n')}`));
    return code;
  });
  const report = ended.then((code) => {
    const file = readdirSync(outDir).find((name) => name.endsWith('.json'));
    if (!file) throw new Error(`the load ended with ${String(code)}:\n${words().join('\n')}`);
    return JSON.parse(readFileSync(join(outDir, file), 'utf8')) as LoadReport;
  });
  const verdict = Promise.all([ended, report]).then(([code, { counters }]) => {
    // Kept where something was found, with its page: the seed alone does not bring back what a cluster did.
    if (code !== 0) throw new Error(`the load ended with ${String(code)}; everything about it is in ${outDir}:\n${words().join('\n')}`);
    rmSync(outDir, { recursive: true, force: true });
    return counters;
  });
  // Looked at by the test when the fault is over.
  for (const promise of [running, report, verdict]) promise.catch(() => undefined);
  return { running, report, verdict, stop: () => void child.kill('SIGINT') };
}
