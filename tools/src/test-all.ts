import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

const root = join(import.meta.dirname, '../..');
const runner = join(import.meta.dirname, 'test.ts');

/** With faults and whole clusters under load: company would only make them slow. */
const alone = ['kubernetes', 'chaos', 'k6'];
/** Longest first, so that no lane ends long before the other one. */
const together = ['server', 'operator', 'e2e', 'tools', 'loadtest', 'check', 'chart', 'cdk8s', 'client', 'web', 'protocol'];

/** Of the errors that a suite ends with, so that the end of a log says why and not only what. */
const errorLines = 80;

/** From the end of a suite to the end of its output. */
const outputGraceMs = 10_000;

interface Result {
  suite: string;
  passed: number;
  failed: number;
  seconds: number;
  failures: string[];
  errors: string[];
}

const totalLine = /^(\d+) passed, (\d+) failed$/;
const errorsLine = '✖ failing tests:';

function argumentsOf(suite: string): string[] {
  return suite === 'check' ? [join(import.meta.dirname, 'check.ts')] : [runner, suite];
}

/** Shows the output as it comes, each line with its suite, and reads the counts from the last total; no total is one failure. */
async function run(suite: string): Promise<Result> {
  const startedAt = performance.now();
  const child = spawn(process.execPath, argumentsOf(suite), { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  const exited = once(child, 'exit');
  let counts = { passed: 0, failed: 1 };
  const failures = new Set<string>();
  let errors: string[] | undefined;
  const show = (line: string) => {
    const match = totalLine.exec(line);
    if (match) counts = { passed: Number(match[1]), failed: Number(match[2]) };
    else if (line === errorsLine) errors = [];
    else if (errors) errors.push(line);
    else if (line.trimStart().startsWith('✖')) failures.add(line.trim());
    process.stdout.write(`${suite} │ ${line}\n`);
  };
  const readers = [child.stdout, child.stderr].map(async (input) => {
    for await (const line of createInterface({ input })) show(line);
  });
  const [code] = (await exited) as [number | null];
  // What the suite left running may hold its output open for ever.
  const isOpen = await Promise.race([Promise.all(readers).then(() => false), delay(outputGraceMs, true, { ref: false })]);
  if (isOpen) {
    show('✖ something that the suite started still runs, and holds its output open');
    counts.failed += 1;
    child.stdout.destroy();
    child.stderr.destroy();
  }
  if (code !== 0 && counts.failed === 0) counts.failed = 1;
  return { suite, ...counts, seconds: (performance.now() - startedAt) / 1_000, failures: [...failures], errors: errors ?? [] };
}

/** Takes the next suite as soon as it has ended the last one. */
async function runLane(waiting: string[], results: Result[]): Promise<void> {
  for (let suite = waiting.shift(); suite !== undefined; suite = waiting.shift()) results.push(await run(suite));
}

function print(results: Result[]): void {
  process.stdout.write('\nsuite      passed  failed   seconds\n');
  for (const { suite, passed, failed, seconds } of results)
    process.stdout.write(`${suite.padEnd(10)} ${`${passed}`.padStart(6)} ${`${failed}`.padStart(7)} ${seconds.toFixed(1).padStart(9)}\n`);
  for (const { suite, errors } of results) for (const line of errors.slice(0, errorLines)) process.stdout.write(`${suite} │ ${line}\n`);
  for (const { suite, failures } of results) for (const failure of failures) process.stdout.write(`${suite} │ ${failure}\n`);
}

const startedAt = performance.now();
const results: Result[] = [];
await runLane([...alone], results);
const waiting = [...together];
await Promise.all(Array.from({ length: process.env.TEST_LANES === '1' ? 1 : 2 }, () => runLane(waiting, results)));
print(results);
const sum = (key: 'passed' | 'failed') => results.reduce((total, result) => total + result[key], 0);
process.stdout.write(`in ${((performance.now() - startedAt) / 60_000).toFixed(1)} minutes\n`);
process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);
process.exitCode = sum('failed') > 0 || sum('passed') === 0 ? 1 : 0;
