import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, test } from 'node:test';
import { commandLine, isAlive, poll } from './process.ts';
import { watchRunner } from './watchdog.ts';

const dir = mkdtempSync(join(tmpdir(), 'chat-watchdog-'));
after(() => rmSync(dir, { recursive: true }));

/** Spins where no signal handler ever runs, with a program of its own beside it. */
const hung = `
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
process.on('SIGTERM', () => process.exit());
writeFileSync(process.argv[1].replace('hung', 'pid'), String(spawn('sleep', ['600']).pid));
setTimeout(() => { for (;;); }, 100);
`;

function start(files: string[]): { pid: number; output: Promise<string> } {
  const env = { ...process.env };
  // A runner within a test file of another runner would report to that one.
  delete env.NODE_TEST_CONTEXT;
  const child = spawn(process.execPath, ['--test', '--test-timeout=1000', '--test-concurrency=1', ...files], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const output = (async () => {
    const chunks = await child.stdout.toArray();
    return Buffer.concat(chunks as Buffer[]).toString();
  })();
  return { pid: child.pid ?? 0, output };
}

test('a file that hears no signal fails, is named, takes its programs along, and the next file runs', { timeout: 60_000 }, async () => {
  const [first, second, pidFile] = ['hung.test.mjs', 'next.test.mjs', 'pid.test.mjs'].map((name) => join(dir, name)) as [
    string,
    string,
    string,
  ];
  writeFileSync(first, hung);
  writeFileSync(second, "import { test } from 'node:test'; test('the next one', () => {});");
  const { pid, output } = start([first, second]);
  const said: string[] = [];
  using _watch = watchRunner(pid, { runnerMs: 60_000, fileMs: 3_000 }, (text) => said.push(text));
  const text = await output;
  assert.match(text, /the next one/);
  assert.match(text, /pass 1\n.*fail 1\n/s);
  assert.equal(said.length, 1);
  assert.match(said[0] ?? '', /^hangs, and is ended: .*hung\.test\.mjs \(pid \d+\)$/);
  const program = Number(readFileSync(pidFile, 'utf8'));
  await poll(
    () => !isAlive(program),
    5_000,
    () => `${commandLine(program)} still runs`,
  );
});

test('a runner that takes too long is ended with its files', { timeout: 60_000 }, async () => {
  const file = join(dir, 'hung.test.mjs');
  writeFileSync(file, hung);
  const child = spawn(process.execPath, [file], { stdio: 'ignore' });
  const said: string[] = [];
  using _watch = watchRunner(child.pid ?? 0, { runnerMs: 500, fileMs: 60_000 }, (text) => said.push(text));
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  assert.equal(signal, 'SIGKILL');
  assert.match(said[0] ?? '', /^the suite lasts for too long/);
});
