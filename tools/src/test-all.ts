import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '../..');

interface Result {
  suite: string;
  passed: number;
  failed: number;
  seconds: number;
}

const totalLine = /^(\d+) passed, (\d+) failed$/;

/** Shows the output as it comes and reads the counts from the last total line; no total is one failure. */
async function run(suite: string, args: string[]): Promise<Result> {
  const startedAt = performance.now();
  process.stdout.write(`\n── ${suite} ──\n`);
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  let counts = { passed: 0, failed: 1 };
  for await (const line of createInterface({ input: child.stdout })) {
    const match = totalLine.exec(line);
    if (match) counts = { passed: Number(match[1]), failed: Number(match[2]) };
    else process.stdout.write(`${line}\n`);
  }
  const [code] = (await closed) as [number | null];
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return { suite, ...counts, seconds: (performance.now() - startedAt) / 1_000 };
}

const runner = join(import.meta.dirname, 'test.ts');
const suiteNames = [
  'protocol',
  'client',
  'server',
  'chaos',
  'cdk8s',
  'operator',
  'chart',
  'k6',
  'loadtest',
  'web',
  'e2e',
  'tools',
  'kubernetes',
];
const results = [await run('check', [join(import.meta.dirname, 'check.ts')])];
for (const suite of suiteNames) results.push(await run(suite, [runner, suite]));

const sum = (key: 'passed' | 'failed') => results.reduce((total, result) => total + result[key], 0);
process.stdout.write('\nsuite      passed  failed   seconds\n');
for (const { suite, passed, failed, seconds } of results) {
  process.stdout.write(`${suite.padEnd(10)} ${`${passed}`.padStart(6)} ${`${failed}`.padStart(7)} ${seconds.toFixed(1).padStart(9)}\n`);
}
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);
process.exitCode = sum('failed') > 0 || sum('passed') === 0 ? 1 : 0;
