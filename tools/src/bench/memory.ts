import { setTimeout as delay } from 'node:timers/promises';
import { type Peer, rssBytesOf, startPeer } from './peer.ts';
import { startPod } from './pods.ts';
import type { ConnectRequest } from './receivers.ts';
import { type BenchOptions, median, type Result, ratio } from './report.ts';
import { makeGroups, signTokens, startServices, storeWorld } from './world.ts';

const CONVERSATIONS = 20;
const WARM_UP = 200;
const SIDES = ['ours', 'bare Socket.IO', 'Socket.IO with 20 rooms'] as const;
type Side = (typeof SIDES)[number];
/** Garbage is collected before a reading, so that it shows what is held, on both sides. */
const GC_ON_SIGNAL = ['--expose-gc', '--import', 'data:text/javascript,process.on("SIGUSR2",()=>{gc();gc()})'];

interface Target {
  pid: number;
  port: number;
  auths?: string[];
}

/** RSS that two readings in a row agree on. */
async function settledRss(pid: number): Promise<number> {
  let last = Infinity;
  for (let i = 0; i < 20; i += 1) {
    process.kill(pid, 'SIGUSR2');
    await delay(500);
    const now = rssBytesOf(pid);
    if (Math.abs(now - last) < 300_000) return now;
    last = now;
  }
  return last;
}

async function bytesPerSocket({ pid, port, auths }: Target, sockets: number): Promise<number> {
  await using receivers = startPeer('receivers.ts');
  const connect = (group: string, from: number, count: number) =>
    receivers.call<number>('connect', {
      group,
      port,
      count,
      socketIo: true,
      ...(auths ? { auths: auths.slice(from, from + count), readyPrefix: '42["session:ready"' } : {}),
    } satisfies ConnectRequest);
  await connect('warm-up', 0, WARM_UP);
  const before = await settledRss(pid);
  await connect('measured', WARM_UP, sockets);
  const after = await settledRss(pid);
  const open = await receivers.call<number>('open', 'measured');
  if (open !== sockets) throw new Error(`only ${open} of ${sockets} sockets stayed open`);
  return (after - before) / sockets;
}

async function bareTarget(stack: AsyncDisposableStack, rooms: number): Promise<Target> {
  const peer: Peer = stack.use(startPeer('bare-io.ts', [`${rooms}`], GC_ON_SIGNAL));
  return { pid: peer.pid, port: await peer.call<number>('listen') };
}

/** One process per reading: memory that an earlier one left behind would hide growth. */
export async function benchMemory({ isQuick, say }: BenchOptions): Promise<Result> {
  const sockets = isQuick ? 1_000 : 5_000;
  const repeats = isQuick ? 1 : 3;
  await using services = await startServices();
  const url = await services.createDatabase('memory', true);
  const world = makeGroups(sockets + WARM_UP, CONVERSATIONS);
  await storeWorld(url, world);
  const auths = (await signTokens(url, world.users)).map((token) => JSON.stringify({ token }));
  const readings: Record<Side, number[]> = { ours: [], 'bare Socket.IO': [], 'Socket.IO with 20 rooms': [] };
  for (let i = 0; i < repeats; i += 1) {
    for (const side of SIDES) {
      await using stack = new AsyncDisposableStack();
      const target: Target =
        side === 'ours'
          ? {
              ...stack.use(
                await startPod(
                  { POD_ID: `pod-${i}`, DATABASE_URL: url, REDIS_URLS: services.redisUrl, REDIS_PREFIX: `memory${i}:` },
                  GC_ON_SIGNAL,
                ),
              ),
              auths,
            }
          : await bareTarget(stack, side === 'bare Socket.IO' ? 0 : CONVERSATIONS);
      const bytes = await bytesPerSocket(target, sockets);
      readings[side].push(bytes / 1_024);
      say(`memory: ${side} ${(bytes / 1_024).toFixed(1)} KiB per socket`);
    }
  }
  return {
    title: 'Memory per idle authenticated socket',
    setting: `${sockets} sockets of as many users, ${CONVERSATIONS} conversations each, one pod with Redis; growth of the resident set after garbage collection; ${repeats} interleaved runs, each in new processes`,
    rows: [
      ...SIDES.map((side) => ({ what: side, value: median(readings[side]), unit: 'KiB per socket' })),
      { what: 'ours ÷ bare Socket.IO', value: 1 / ratio(readings['bare Socket.IO'], readings.ours), unit: '×', target: { atMost: 0.8 } },
      { what: 'ours ÷ Socket.IO with 20 rooms', value: 1 / ratio(readings['Socket.IO with 20 rooms'], readings.ours), unit: '×' },
    ],
    runs: readings,
  };
}
