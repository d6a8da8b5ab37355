import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Longest life of one test file: a hung one fails and the run goes on. */
const usualFileMinutes = 5;

export interface Tally {
  passed: number;
  failed: number;
}

/** The pinned Node is first in PATH, for tests that start the server as a process. */
function childEnv(root: string): NodeJS.ProcessEnv {
  return { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` };
}

function runChild(root: string, args: string[], cwd: string, signal: AbortSignal): Promise<number> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, args, { cwd, env: childEnv(root), stdio: ['ignore', 'inherit', 'inherit'] });
    const stop = () => child.kill('SIGTERM');
    signal.addEventListener('abort', stop, { once: true });
    child.once('error', fail);
    child.once('exit', (code) => done(code ?? 1));
  });
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
      runChild(
        root,
        [
          '--test',
          `--test-concurrency=${concurrency}`,
          `--test-timeout=${fileMinutes * 60_000}`,
          '--test-reporter=spec',
          '--test-reporter-destination=stdout',
          `--test-reporter=${reporter}`,
          `--test-reporter-destination=${report}`,
          ...files,
        ],
        root,
        signal,
      ),
    (text) => JSON.parse(text) as Tally,
  );
}

export function runVitest(root: string, files: string[], signal: AbortSignal): Promise<Tally> {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  return counted(
    (report) =>
      runChild(
        root,
        [
          vitest,
          'run',
          '--reporter=default',
          '--reporter=json',
          `--outputFile.json=${report}`,
          ...files.map((file) => file.replace(/^web\//, '')),
        ],
        join(root, 'web'),
        signal,
      ),
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
