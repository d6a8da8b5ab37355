import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runMain, ServiceError } from '../process.ts';
import { addProfile, type CpuProfile, type Frame, newFrame } from './flame-tree.ts';
import { toSvg } from './flame-svg.ts';

const root = join(import.meta.dirname, '..', '..', '..');

/** The three hot paths, each as one process of ours lives through it. */
const paths = [
  { name: 'send', bench: 'cluster', title: 'A pod of three while 210 clients send one message after another' },
  { name: 'fan-out', bench: 'fanout', title: 'One process that writes each message to 500 sockets' },
  { name: 'catch-up', bench: 'catch-up', title: 'A pod of three that answers pages of 300 missed entries' },
] as const;

/** Runs a small benchmark with V8's profiler on in our server processes, and adds up what it wrote. */
function profile(bench: string): Frame {
  const dir = mkdtempSync(join(tmpdir(), 'chat-flame-'));
  try {
    const env = { ...process.env, BENCH_CPU_PROF_DIR: dir };
    const done = spawnSync(process.execPath, [join(root, 'tools/src/bench.ts'), bench, '--quick'], {
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

/** `node tools/src/bench/flame.ts [path…]`: flame graphs of the hot paths, in docs/benchmarks. */
async function main(): Promise<void> {
  const chosen = process.argv.slice(2);
  const unknown = chosen.find((name) => !paths.some((path) => path.name === name));
  if (unknown !== undefined) throw new ServiceError(`"${unknown}" is none of ${paths.map(({ name }) => name).join(', ')}`);
  for (const { name, bench, title } of paths) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    const file = join(root, 'docs/benchmarks', `flame-${name}.svg`);
    writeFileSync(file, toSvg(profile(bench), title));
    process.stdout.write(`wrote docs/benchmarks/flame-${name}.svg\n`);
  }
}

if (import.meta.main) runMain(main);
