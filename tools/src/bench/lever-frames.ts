import { setTimeout as delay } from 'node:timers/promises';
import { runRounds } from './fanout.ts';
import type { Lever, LeverOptions } from './levers.ts';
import { type Peer, rssBytesOf, startPeer } from './peer.ts';
import type { ConnectRequest } from './receivers.ts';

const PENDING = 5;
const ROUNDS = 30;
/** As long as a real token, so that the handshake weighs what it does. */
const AUTH = JSON.stringify({ token: 't'.repeat(600) });
const bare = ['ws', 'ws-deflate'];

interface Side {
  server: Peer;
  /** Of all sockets together, for one round. */
  bytes: number;
  /** Resident set without sockets. */
  rssBefore: number;
}

/** Until what was sent has come: how long it is, only the receivers can tell where it is compressed. */
async function settledBytes(receivers: Peer, group: string): Promise<number> {
  for (let last = -1; ; ) {
    await delay(300);
    const bytes = await receivers.call<number>('bytes', group);
    if (bytes === last) return bytes;
    last = bytes;
  }
}

async function openSide(receivers: Peer, mode: string, sockets: number): Promise<Side> {
  const server = startPeer('fanout-server.ts', [mode]);
  const port = await server.call<number>('listen');
  const rssBefore = rssBytesOf(server.pid);
  const socketIo = !bare.includes(mode);
  await receivers.call('connect', { group: mode, port, count: sockets, socketIo, deflate: mode === 'ws-deflate' } satisfies ConnectRequest);
  let bytes = 0;
  // Compression gets shorter with what it has seen, for a few rounds.
  for (let i = 0; i < 5; i += 1) {
    await receivers.call('reset', mode);
    await server.call('broadcast', PENDING);
    bytes = await settledBytes(receivers, mode);
  }
  // A compressed frame may be some bytes shorter than the one before, for ever after: the rest of a round may come with the next.
  return { server, rssBefore, bytes: mode === 'ws-deflate' ? bytes * 0.95 : bytes };
}

/** Heap per socket after the handshake, in KiB. */
async function heapPerSocket(sockets: number, isForgotten: boolean): Promise<number> {
  await using receivers = startPeer('receivers.ts');
  await using server = startPeer('fanout-server.ts', ['ours'], ['--expose-gc']);
  const port = await server.call<number>('listen');
  const connect = (group: string, count: number) =>
    receivers.call('connect', { group, port, count, socketIo: true, auths: Array(count).fill(AUTH) } satisfies ConnectRequest);
  const heap = async () => {
    if (isForgotten) await server.call('forgetHandshakes');
    return server.call<number>('heap');
  };
  await connect('warm-up', 100);
  const before = await heap();
  await connect('measured', sockets);
  return ((await heap()) - before) / sockets / 1_024;
}

/** From the hub to the sockets of one pod. */
export async function openFrameLevers({ isQuick, stack }: LeverOptions): Promise<Lever[]> {
  const sockets = isQuick ? 200 : 1_000;
  const receivers = stack.use(startPeer('receivers.ts'));
  const sides = new Map<string, Side>();
  for (const mode of ['ours', 'frame-for-each', 'uncorked', 'one-event', ...bare]) {
    const side = await openSide(receivers, mode, sockets);
    stack.use(side.server);
    sides.set(mode, side);
  }
  /** µs of the server per message and socket. */
  const cpu = (mode: string) => async () => {
    const { server, bytes } = sides.get(mode)!;
    const { cpuMicros } = await runRounds({ server, receivers, group: mode, bytes, pending: PENDING, rounds: ROUNDS });
    return cpuMicros / (ROUNDS * PENDING * sockets);
  };
  const rss = (mode: string) => async () => (rssBytesOf(sides.get(mode)!.server.pid) - sides.get(mode)!.rssBefore) / sockets / 1_024;
  const byCpu = (name: string, ...modes: [variant: string, mode: string][]): Lever => ({
    name,
    unit: 'µs per delivery',
    variants: modes.map(([variant, mode]) => [variant, cpu(mode)]),
  });
  return [
    byCpu('an entry is encoded', ['once', 'ours'], ['for each socket', 'frame-for-each']),
    byCpu('5 messages of one turn', ['one write', 'ours'], ['a write each', 'uncorked']),
    byCpu('5 entries of one commit', ['one event', 'one-event'], ['5 events in one write', 'ours']),
    byCpu('perMessageDeflate', ['off', 'ws'], ['on', 'ws-deflate']),
    {
      name: 'perMessageDeflate, resident set',
      unit: 'KiB per socket',
      variants: [
        ['off', rss('ws')],
        ['on', rss('ws-deflate')],
      ],
    },
    {
      name: 'the handshake request',
      unit: 'KiB of heap per socket',
      variants: [
        ['let go', () => heapPerSocket(sockets, true)],
        ['kept', () => heapPerSocket(sockets, false)],
      ],
    },
  ];
}
