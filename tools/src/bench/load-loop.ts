/** What every load does, whatever its wire: picks a conversation, sends, and waits for the answer, in a closed loop or on a schedule. */
import { performance } from 'node:perf_hooks';
import { clients, type LoadClient, latenciesMs, total } from './load-clients.ts';
import { servePeer } from './peer.ts';

export interface LoadStats {
  seconds: number;
  acked: number;
  refused: number;
  deliveries: number;
  /** Deliveries that came after one with a higher number of the same conversation. */
  outOfOrder: number;
  /** Send → receive on another pod, in ms, for paced runs. */
  latenciesMs: number[];
  /** Sends that were not answered: within a second after a paced run, within ten after a closed one. */
  unanswered: number;
}

const LATE_MS = 10_000;
const PADDING = 'a message of an ordinary length, which says that lunch is at twelve as usual';

const oneOf = <T>(list: T[]): T => list[Math.floor(Math.random() * list.length)]!;

/** 80 % direct, 19 % groups of 10, 1 % the one of 200 (its members alone can, so they do more often). */
function pick({ direct, groups, big }: LoadClient): string {
  const dice = Math.random();
  if (big && dice < (0.01 * clients.length) / 200) return big;
  return dice < 0.81 ? oneOf(direct) : oneOf(groups);
}

function send(client: LoadClient, stamp: string, then: () => void): void {
  const id = (client.nextAck += 1);
  client.waiting.set(id, then);
  client.write(id, pick(client), `${stamp} ${client.pod} ${PADDING}`);
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function closed(seconds: number): Promise<{ unanswered: number; endedAt: number }> {
  const end = performance.now() + seconds * 1_000;
  let open = clients.length;
  let endedAt = end;
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const client of clients) {
    const next = (): void => {
      const now = performance.now();
      if (now < end) return send(client, '-', next);
      endedAt = now;
      open -= 1;
      if (open === 0) resolve();
    };
    next();
  }
  // A server that loses answers must not hang the benchmark.
  const late = setTimeout(resolve, seconds * 1_000 + LATE_MS);
  await promise;
  clearTimeout(late);
  return { unanswered: open, endedAt };
}

/** A fixed schedule: a slow server does not slow the sending. */
async function paced({ seconds, perSecond }: { seconds: number; perSecond: number }): Promise<{ unanswered: number; endedAt: number }> {
  const start = performance.now();
  let sent = 0;
  let answered = 0;
  for (let now = 0; now < seconds * 1_000; now = performance.now() - start) {
    for (const due = (now / 1_000) * perSecond; sent < due; sent += 1)
      send(oneOf(clients), performance.now().toFixed(2), () => (answered += 1));
    await pause(2);
  }
  await pause(1_000);
  return { unanswered: sent - answered, endedAt: performance.now() };
}

async function measure(work: () => Promise<{ unanswered: number; endedAt: number }>): Promise<LoadStats> {
  const before = { ...total };
  latenciesMs.length = 0;
  const start = performance.now();
  const { unanswered, endedAt } = await work();
  return {
    seconds: (endedAt - start) / 1_000,
    unanswered,
    latenciesMs: [...latenciesMs],
    acked: total.acked - before.acked,
    refused: total.refused - before.refused,
    deliveries: total.deliveries - before.deliveries,
    outOfOrder: total.outOfOrder - before.outOfOrder,
  };
}

/** The process of a load: `open` is the wire's own. */
export function serveLoad<T>(open: (request: T) => Promise<void>): void {
  servePeer({
    open,
    closed: (seconds: number) => measure(() => closed(seconds)),
    paced: (request: { seconds: number; perSecond: number }) => measure(() => paced(request)),
  });
}
