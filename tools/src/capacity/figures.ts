import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Assumed, Load, Measured } from './model.ts';

const folder = join(import.meta.dirname, '../../../docs/benchmarks');

/** A run of the load generator: people who write, read, type, come and go. */
export interface Run {
  command: string;
  date: string;
  cores: number;
  pods: number;
  people: number;
  seconds: number;
  messages: number;
  /** Of all pods, the work of the workers included. */
  podCores: number;
  podCoresIdle: number;
  podMemoryMib: number;
}

export const readRun = () => JSON.parse(readFileSync(join(folder, 'load.json'), 'utf8')) as Run;

interface Bench {
  cores: number;
  results: Record<string, { setting: string; rows: { what: string; value: number }[] }>;
}

/** 3.3 messages per second and 1,000 users (quality.md); four fifths direct, the rest in groups, as in the bench of the cluster. */
export const million: Load = {
  users: 1_000_000,
  onlineShare: 0.5,
  devices: 1,
  messagesPerSecondPer1000: 3.3,
  conversations: [
    { share: 0.8, members: 2 },
    { share: 0.19, members: 10 },
    { share: 0.01, members: 200 },
  ],
  receiptsPerMessage: 1,
};

export const assumed: Assumed = {
  targetUtilization: 0.6,
  socketsPerPod: 12_000,
  redisOperationsPerSecond: 40_000,
  storedBytesPerMessage: 700,
  price: { coreHour: 0.035, gibHour: 0.004, egressGib: 0.08, storageGibMonth: 0.12 },
};

/** The figures that `make bench` and a run of the load generator kept last; throws when one of them is missing there. */
export function readMeasured(): Measured {
  const { cores, results } = JSON.parse(readFileSync(join(folder, 'first.json'), 'utf8')) as Bench;
  const run = readRun();
  const valueOf = (bench: string, what: string) => {
    const row = results[bench]?.rows.find((each) => each.what === what);
    if (!row) throw new Error(`docs/benchmarks/first.json has no "${what}" of ${bench}; run: make bench`);
    return row.value;
  };
  return {
    idleCoresPerPod: run.podCoresIdle / run.pods,
    podCpuUsPerPerson: ((run.podCores - run.podCoresIdle) * 1e6) / run.people,
    podCpuUsPerDelivery: valueOf('cluster', 'ours: CPU of the pods'),
    memoryKibPerSocket: valueOf('memory', 'ours'),
    durableMessagesPerSecond: valueOf('durable', 'ours'),
    bytesPerDelivery: Number(/(\d+) B frames/.exec(results.fanout?.setting ?? '')?.[1]),
    cores,
  };
}
