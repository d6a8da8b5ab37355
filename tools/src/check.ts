import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');
const bin = (name: string) => join(root, 'node_modules/.bin', name);
const own = (file: string) => join(import.meta.dirname, file);

interface Step {
  name: string;
  command: string[];
  /** What to do about it, when a command does it. */
  fix?: string;
}

const steps: Step[] = [
  { name: 'format', command: [bin('biome'), 'format', '--max-diagnostics=20', '.'], fix: 'npx biome format --write .' },
  { name: 'lint', command: [bin('oxlint'), '--deny-warnings'] },
  { name: 'types', command: [bin('tsc'), '-p', '.'] },
  { name: 'types of web', command: [bin('tsc'), '-p', 'web'] },
  { name: 'types of the service worker', command: [bin('tsc'), '-p', 'web/src/sw'] },
  { name: 'types of k6', command: [bin('tsc'), '-p', 'k6'] },
  { name: 'import directions', command: [process.execPath, own('check-imports.ts')] },
  { name: 'dead exports', command: [bin('knip'), '--no-progress'] },
  { name: 'generated files', command: [process.execPath, own('gen.ts'), '--check'], fix: 'make gen' },
];

function run({ name, command, fix }: Step): boolean {
  const startedAt = performance.now();
  const [file = '', ...args] = command;
  const result = spawnSync(file, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` },
  });
  const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
  const ok = result.status === 0;
  process.stdout.write(`${ok ? '✔' : '✖'} ${name} (${seconds} s)${ok || !fix ? '' : `; to repair: ${fix}`}\n`);
  if (!ok) process.stdout.write(`${result.error?.message ?? ''}${result.stdout ?? ''}${result.stderr ?? ''}\n`);
  return ok;
}

const results = steps.map(run);
const passed = results.filter(Boolean).length;
process.stdout.write(`${passed} passed, ${results.length - passed} failed\n`);
process.exitCode = passed === results.length ? 0 : 1;
