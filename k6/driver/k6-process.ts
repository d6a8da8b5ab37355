import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Env } from '../lib/settings.ts';
import type { Report } from '../lib/summary.ts';

export interface K6Run {
  k6: string;
  script: string;
  /** Handed to the script. */
  env: Env;
  /** Nothing of k6's own output. */
  quiet?: boolean;
}
export interface K6Result {
  /** 0: all thresholds met; 99: some crossed; others: it did not run to its end. */
  exitCode: number;
  report: Report | undefined;
}

/** No statistics to the makers, no extensions from the network. */
const ownEnv = { K6_NO_USAGE_REPORT: 'true', K6_AUTO_EXTENSION_RESOLUTION: 'false' };

export async function runK6({ k6, script, env, quiet = false }: K6Run): Promise<K6Result> {
  const dir = mkdtempSync(join(tmpdir(), 'chat-k6-'));
  const summary = join(dir, 'summary.json');
  try {
    const variables = Object.entries({ ...env, K6_SUMMARY: summary }).flatMap(([name, value]) => (value ? ['-e', `${name}=${value}`] : []));
    const look = process.stdout.isTTY ? [] : ['--quiet', '--no-color'];
    const child = spawn(k6, ['run', '--log-format=raw', ...look, ...variables, script], {
      env: { PATH: process.env.PATH, HOME: process.env.HOME, ...ownEnv },
      stdio: ['ignore', quiet ? 'ignore' : 'inherit', 'inherit'],
    });
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => resolve(code ?? 1));
    });
    return { exitCode, report: existsSync(summary) ? (JSON.parse(readFileSync(summary, 'utf8')) as Report) : undefined };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
