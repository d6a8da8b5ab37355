import { performance } from 'node:perf_hooks';
import { encodeEvent, frameOf } from '@chatcluster/server/fanout/encode';
import { entriesOf200Bytes } from './frames.ts';
import { type Peer, profiling, startPeer } from './peer.ts';
import type { ConnectRequest } from './receivers.ts';
import { type BenchOptions, median, type Result, ratio } from './report.ts';

const MODES = ['ours', 'ws', 'socket.io', 'floor'] as const;
type Mode = (typeof MODES)[number];
const REPEATS = 5;
const frameBytes = frameOf(encodeEvent('entries', entriesOf200Bytes())).length;

interface Side {
  mode: Mode;
  server: Peer;
  receivers: Peer;
}
interface Sample {
  perSecond: number;
  cpuMicros: number;
}

/** Fan-out in one pod: every mode has its own server process, all receivers are one other process. */
export async function benchFanout({ isQuick, say }: BenchOptions): Promise<Result> {
  const sockets = isQuick ? 500 : 2_000;
  const rounds = isQuick ? 20 : 60;
  await using receivers = startPeer('receivers.ts');
  await using stack = new AsyncDisposableStack();
  const sides: Side[] = [];
  for (const mode of MODES) {
    const server = stack.use(startPeer('fanout-server.ts', [mode], mode === 'ours' ? profiling() : []));
    const port = await server.call<number>('listen');
    const request: ConnectRequest = { group: mode, port, count: sockets, socketIo: mode === 'ours' || mode === 'socket.io' };
    await receivers.call('connect', request);
    sides.push({ mode, server, receivers });
    say(`fan-out: ${mode} has ${sockets} sockets`);
  }
  const result: Result = {
    title: 'Fan-out in one pod',
    setting: `${sockets} sockets, ${frameBytes} B frames with a 200 B body, ${REPEATS} interleaved runs of ${rounds} broadcasts`,
    rows: [],
    runs: {},
  };
  for (const pending of [1, 5]) addRows(result, pending, await runAll(sides, { sockets, rounds, pending }));
  return result;
}

type Size = { sockets: number; rounds: number; pending: number };

async function runAll(sides: Side[], size: Size): Promise<Record<Mode, Sample[]>> {
  const samples: Record<Mode, Sample[]> = { ours: [], ws: [], 'socket.io': [], floor: [] };
  for (const side of sides) await run(side, { ...size, rounds: 5 });
  for (let i = 0; i < REPEATS; i += 1) for (const side of sides) samples[side.mode].push(await run(side, size));
  return samples;
}

interface Rounds {
  server: Peer;
  receivers: Peer;
  group: string;
  /** Of all sockets, in one round. */
  bytes: number;
  /** Messages in one turn of the event loop. */
  pending: number;
  rounds: number;
}

/** Each round ends when every receiver has every byte. */
export async function runRounds({ server, receivers, group, bytes, pending, rounds }: Rounds): Promise<{ ms: number; cpuMicros: number }> {
  const cpuBefore = await server.call<number>('cpu');
  const start = performance.now();
  for (let i = 0; i < rounds; i += 1) {
    await receivers.call('reset', group);
    const done = receivers.call('expect', { group, bytes });
    await server.call('broadcast', pending);
    await done;
  }
  const ms = performance.now() - start;
  return { ms, cpuMicros: (await server.call<number>('cpu')) - cpuBefore };
}

async function run({ mode, server, receivers }: Side, { sockets, rounds, pending }: Size): Promise<Sample> {
  const bytes = sockets * pending * frameBytes;
  const { ms, cpuMicros } = await runRounds({ server, receivers, group: mode, bytes, pending, rounds });
  const deliveries = rounds * pending * sockets;
  return { perSecond: deliveries / (ms / 1_000), cpuMicros: cpuMicros / deliveries };
}

function addRows({ rows, runs }: Result, pending: number, samples: Record<Mode, Sample[]>): void {
  const name = pending === 1 ? 'one message at a time' : `${pending} messages pending`;
  const speed = (mode: Mode) => samples[mode].map((s) => s.perSecond);
  const cpu = (mode: Mode) => samples[mode].map((s) => s.cpuMicros);
  for (const mode of MODES) {
    runs[`${mode}, ${name}, deliveries/s`] = speed(mode);
    runs[`${mode}, ${name}, server µs per delivery`] = cpu(mode);
    rows.push({ what: `${mode}: ${name}`, value: median(speed(mode)), unit: 'deliveries/s' });
    rows.push({ what: `${mode}: ${name}, server CPU`, value: median(cpu(mode)), unit: 'µs per delivery' });
  }
  rows.push({ what: `ours ÷ bare ws, ${name}`, value: ratio(speed('ours'), speed('ws')), unit: '×', target: { atLeast: 0.9 } });
  rows.push({
    what: `ours ÷ io.to(room).emit, ${name}`,
    value: ratio(speed('ours'), speed('socket.io')),
    unit: '×',
    ...(pending > 1 ? { target: { atLeast: 2 } } : {}),
  });
  rows.push({ what: `server CPU: bare ws ÷ ours, ${name}`, value: ratio(cpu('ws'), cpu('ours')), unit: '×' });
  rows.push({ what: `server CPU: io.to(room).emit ÷ ours, ${name}`, value: ratio(cpu('socket.io'), cpu('ours')), unit: '×' });
}
