/** Clients that ask the same question over and over: raw sockets, an event with an ack. */
import { performance } from 'node:perf_hooks';
import { RawSocket } from './raw-socket.ts';
import { servePeer } from './peer.ts';

export interface CallersRequest {
  ports: number[];
  auths: string[];
  /** Of each client, as JSON: `["sync",{…}]`. */
  packets: string[];
}
export interface CallStats {
  seconds: number;
  calls: number;
  /** Answers that were errors. */
  failed: number;
  latenciesMs: number[];
}
/** What a refusal hints at. */
const RETRY_MS = 1_000;

interface Caller {
  ask(): Promise<boolean>;
}

let callers: Caller[] = [];

async function openOne({ ports, auths, packets }: CallersRequest, i: number): Promise<Caller> {
  const ready = Promise.withResolvers<void>();
  let nextId = 0;
  const waiting = new Map<number, (isOk: boolean) => void>();
  const socket: RawSocket = new RawSocket({
    port: ports[i % ports.length]!,
    path: '/socket.io/?EIO=4&transport=websocket',
    onText(text) {
      if (text.startsWith('43')) {
        const bracket = text.indexOf('[');
        const id = Number(text.slice(2, bracket));
        waiting.get(id)?.(text.startsWith('[{"ok":true', bracket));
        waiting.delete(id);
      } else if (text === '2') socket.send('3');
      else if (text.startsWith('0')) socket.send(`40${auths[i]}`);
      else if (text.startsWith('44')) ready.reject(new Error(text));
      else if (text.startsWith('42["session:ready"')) ready.resolve();
    },
    onClose() {
      ready.reject(new Error('closed'));
      for (const answer of waiting.values()) answer(false);
    },
  });
  await Promise.all([socket.opened, ready.promise]);
  return {
    ask: () =>
      new Promise((resolve) => {
        waiting.set((nextId += 1), resolve);
        socket.send(`42${nextId}${packets[i]}`);
      }),
  };
}

async function open(request: CallersRequest): Promise<number> {
  callers = [];
  for (let i = 0; i < request.auths.length; i += 50) {
    const some = request.auths.slice(i, i + 50);
    callers.push(...(await Promise.all(some.map((_, j) => openOne(request, i + j)))));
  }
  return callers.length;
}

async function measure(work: (ask: (caller: Caller) => Promise<void>) => Promise<void>): Promise<CallStats> {
  const stats: CallStats = { seconds: 0, calls: 0, failed: 0, latenciesMs: [] };
  const startedAt = performance.now();
  await work(async (caller) => {
    const askedAt = performance.now();
    // Asked again as the SDK does; the time runs on.
    while (!(await caller.ask())) {
      stats.failed += 1;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS * (0.5 + Math.random())));
    }
    stats.latenciesMs.push(performance.now() - askedAt);
    stats.calls += 1;
  });
  return { ...stats, seconds: (performance.now() - startedAt) / 1_000 };
}

servePeer({
  open,
  /** Each asks again as soon as it has its answer. */
  closed: ({ seconds, atOnce }: { seconds: number; atOnce: number }) =>
    measure(async (ask) => {
      const end = performance.now() + seconds * 1_000;
      await Promise.all(
        callers.slice(0, atOnce).map(async (caller) => {
          while (performance.now() < end) await ask(caller);
        }),
      );
    }),
  /** A fixed schedule: a slow server does not slow the asking. */
  paced: ({ seconds, perSecond }: { seconds: number; perSecond: number }) =>
    measure(async (ask) => {
      const open: Promise<void>[] = [];
      const startedAt = performance.now();
      for (let now = 0; now < seconds * 1_000; now = performance.now() - startedAt) {
        while (open.length < (now / 1_000) * perSecond) open.push(ask(callers[open.length % callers.length]!));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await Promise.all(open);
    }),
  /** All of them at the same moment, once. */
  burst: () => measure(async (ask) => void (await Promise.all(callers.map(ask)))),
});
