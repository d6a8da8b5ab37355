import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchRunner } from './watchdog.ts';

/** Longest life of one test file: a hung one fails and the run goes on. */
const usualFileMinutes = 5;
/** For a file that was told to end at its bound. */
const graceMs = 30_000;
/** Of all files together; the longest suite takes a third of it on two cores. */
const suiteMinutes = 20;

export interface Tally {
  passed: number;
  failed: number;
}

/**
 * The pinned Node is first in PATH, for tests that start the server as a process. What V8 has compiled is kept: each file is a process
 * of its own, and loading the server takes 0.7 s of processor time instead of 1.1.
 */
function childEnv(root: string): NodeJS.ProcessEnv {
  return {
    NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compiled'),
    ...process.env,
    PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}`,
  };
}

interface Run {
  args: string[];
  cwd: string;
  signal: AbortSignal;
  fileMinutes?: number;
}

async function runChild(root: string, { args, cwd, signal, fileMinutes = suiteMinutes }: Run): Promise<number> {
  const child = spawn(process.execPath, args, { cwd, env: childEnv(root), stdio: ['ignore', 'inherit', 'inherit'] });
  const exited = once(child, 'exit') as Promise<[number | null]>;
  signal.addEventListener('abort', () => child.kill('SIGTERM'), { once: true });
  const fileMs = fileMinutes * 60_000 + graceMs;
  using _watch = watchRunner(child.pid ?? 0, { fileMs, runnerMs: Math.max(fileMs, suiteMinutes * 60_000) + graceMs }, (text) =>
    process.stdout.write(`✖ ${text}\n`),
  );
  const [code] = await exited;
  return code ?? 1;
}

/** A runner that died before it could count, or failed without a failed test, is one failure. */
async function counted(work: (report: string) => Promise<number>, read: (text: string) => Tally): Promise<Tally> {
  const dir = mkdtempSync(join(tmpdir(), 'chat-report-'));
  try {
    const report = join(dir, 'report.json');
    const code = await work(report);
    const text = existsSync(report) ? readFileSync(report, 'utf8').trim() : '';
    const tally = text ? read(text) : { passed: 0, failed: 1 };
    return code !== 0 && tally.failed === 0 ? { ...tally, failed: 1 } : tally;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export function runNodeTests(root: string, files: string[], signal: AbortSignal, fileMinutes = usualFileMinutes): Promise<Tally> {
  const reporter = join(import.meta.dirname, 'tally-reporter.ts');
  const concurrency = process.env.TEST_CONCURRENCY ?? '2';
  return counted(
    (report) =>
      runChild(root, {
        args: [
          '--test',
          '--import',
          join(import.meta.dirname, 'clean-exit.ts'),
          `--test-concurrency=${concurrency}`,
          `--test-timeout=${fileMinutes * 60_000}`,
          '--test-reporter=spec',
          '--test-reporter-destination=stdout',
          `--test-reporter=${reporter}`,
          `--test-reporter-destination=${report}`,
          ...files,
        ],
        cwd: root,
        signal,
        fileMinutes,
      }),
    (text) => {
      const { passed, failed, slow } = JSON.parse(text) as Tally & { slow: { file: string; seconds: number }[] };
      if (files.length > 1) process.stdout.write(`slowest files: ${slow.map(({ file, seconds }) => `${file} ${seconds} s`).join(', ')}\n`);
      return { passed, failed };
    },
  );
}

export function runVitest(root: string, files: string[], signal: AbortSignal): Promise<Tally> {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  return counted(
    (report) =>
      runChild(root, {
        args: [
          vitest,
          'run',
          '--reporter=default',
          '--reporter=json',
          `--outputFile.json=${report}`,
          ...files.map((file) => file.replace(/^web\//, '')),
        ],
        cwd: join(root, 'web'),
        signal,
      }),
    (text) => {
      const { numPassedTests, numFailedTests, testResults } = JSON.parse(text) as {
        numPassedTests: number;
        numFailedTests: number;
        testResults: { status: string; assertionResults: unknown[] }[];
      };
      // A file that cannot be loaded holds no tests; it still failed.
      const broken = testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
      return { passed: numPassedTests, failed: numFailedTests + broken };
    },
  );
}
