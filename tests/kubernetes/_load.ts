import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const main = join(import.meta.dirname, '..', '..', 'loadtest', 'src', 'main.ts');

export interface Load {
  /** Resolves when it is under way. */
  readonly running: Promise<void>;
  /** The last lines that it printed, once it ended; rejects when its oracle found anything. */
  readonly verdict: Promise<string>;
}

/** The load generator with its oracle, against the front of the cluster. */
export function startLoad(env: Record<string, string>): Load {
  const child = spawn(process.execPath, [main], { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, OUT: tmpdir(), ...env } });
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
    return tail;
  });
  // Looked at by the test when the fault is over.
  verdict.catch(() => undefined);
  running.catch(() => undefined);
  return { running, verdict };
}
