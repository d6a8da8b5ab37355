import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runMain, ServiceError } from '../process.ts';
import { addProfile, byOwner, type CpuProfile, type Frame, newFrame } from './flame-tree.ts';
import { toSvg } from './flame-svg.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** The three hot paths, each as one process of ours lives through it. */
const paths = [
  { name: 'send', bench: 'promises', title: 'A pod of three whose clients send one message after another' },
  { name: 'fan-out', bench: 'fanout', title: 'One process that writes each message to 500 sockets' },
  { name: 'catch-up', bench: 'catch-up', title: 'A pod of three that answers pages of 300 missed entries' },
] as const;

/** Runs a benchmark, a small one unless `isFull`, with V8's profiler on in our server processes, and adds up what it wrote. */
function profile(bench: string, isFull: boolean): Frame {
  const dir = mkdtempSync(join(tmpdir(), 'chat-flame-'));
  try {
    const env = { ...process.env, BENCH_CPU_PROF_DIR: dir };
    const done = spawnSync(process.execPath, [join(root, 'tools/src/bench.ts'), bench, ...(isFull ? [] : ['--quick'])], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const files = readdirSync(dir).filter((file) => file.endsWith('.cpuprofile'));
    if (done.status !== 0 || files.length === 0) throw new ServiceError(`the benchmark ${bench} gave no profile`);
    const all = newFrame('all', '');
    for (const file of files) addProfile(all, JSON.parse(readFileSync(join(dir, file), 'utf8')) as CpuProfile);
    return all;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The shares of a process, by whose code it ran. */
function printOwners(all: Frame): void {
  for (const [owner, micros] of byOwner(all).slice(0, 20))
    process.stdout.write(`${((micros / all.total) * 100).toFixed(1).padStart(6)} % ${owner}\n`);
}

/** `node tools/src/bench/flame.ts [--full] [path…]`: flame graphs of the hot paths, in docs/benchmarks, and whose code takes the time. */
async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const chosen = args.filter((arg) => arg !== '--full');
  const unknown = chosen.find((name) => !paths.some((path) => path.name === name));
  if (unknown !== undefined) throw new ServiceError(`"${unknown}" is none of ${paths.map(({ name }) => name).join(', ')}`);
  for (const { name, bench, title } of paths) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    const file = join(root, 'docs/benchmarks', `flame-${name}.svg`);
    const all = profile(bench, args.includes('--full'));
    writeFileSync(file, toSvg(all, title));
    process.stdout.write(`wrote docs/benchmarks/flame-${name}.svg\n`);
    printOwners(all);
  }
}

if (import.meta.main) runMain(main);
