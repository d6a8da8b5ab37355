/** Clients of a cluster: raw sockets that send, wait for the ack, and look at the order of what they get. */
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { servePeer } from './peer.ts';
import { RawSocket } from './raw-socket.ts';
import type { World } from './world.ts';

export interface LoadRequest {
  ports: number[];
  world: World;
  /** The `auth` object of each user's CONNECT packet, as JSON. */
  auths: string[];
}
export interface LoadStats {
  seconds: number;
  acked: number;
  refused: number;
  deliveries: number;
  /** Deliveries that came after one with a higher number of the same conversation. */
  outOfOrder: number;
  /** Send → receive on another pod, in ms, for paced runs. */
  latenciesMs: number[];
  /** Sends of a paced run that were not acknowledged within a second after its end. */
  unanswered: number;
}
interface LoadClient {
  pod: number;
  socket: RawSocket;
  direct: string[];
  groups: string[];
  big: string | undefined;
  highest: Map<string, number>;
  nextAck: number;
  waiting: Map<number, () => void>;
}

const PADDING = 'a message of an ordinary length, which says that lunch is at twelve as usual';
const clients: LoadClient[] = [];
const total = { acked: 0, refused: 0, deliveries: 0, outOfOrder: 0 };
let latencies: number[] = [];

function onText(client: LoadClient, text: string): void {
  if (text.startsWith('42[')) onEvent(client, text);
  else if (text.startsWith('43')) onAck(client, text);
  else if (text === '2') client.socket.send('3');
}

function onAck(client: LoadClient, text: string): void {
  const bracket = text.indexOf('[');
  const id = Number(text.slice(2, bracket));
  if (text.startsWith('[{"ok":true', bracket)) total.acked += 1;
  else total.refused += 1;
  const next = client.waiting.get(id);
  client.waiting.delete(id);
  next?.();
}

function onEvent(client: LoadClient, text: string): void {
  if (!text.startsWith('42["entries"')) return;
  const [, { conversationId, entries }] = JSON.parse(text.slice(2)) as [
    string,
    { conversationId: string; entries: { seq: number; data: { body: string } }[] },
  ];
  const now = performance.now();
  for (const { seq, data } of entries) {
    total.deliveries += 1;
    const highest = client.highest.get(conversationId) ?? 0;
    if (seq <= highest) total.outOfOrder += 1;
    else client.highest.set(conversationId, seq);
    const [sentAt, pod] = data.body.split(' ', 2);
    if (sentAt !== '-' && Number(pod) !== client.pod) latencies.push(now - Number(sentAt));
  }
}

async function open(request: LoadRequest): Promise<void> {
  const { world, ports, auths } = request;
  const byUser = new Map(
    world.users.map((user) => [user, { direct: [] as string[], groups: [] as string[], big: undefined as string | undefined }]),
  );
  for (const { id, kind, members } of world.conversations) {
    for (const member of members) {
      const own = byUser.get(member)!;
      if (kind === 'direct') own.direct.push(id);
      else if (members.length > 100) own.big = id;
      else own.groups.push(id);
    }
  }
  for (let i = 0; i < world.users.length; i += 25) {
    await Promise.all(world.users.slice(i, i + 25).map((user, j) => openOne(ports, i + j, { auth: auths[i + j]!, ...byUser.get(user)! })));
  }
}

async function openOne(
  ports: number[],
  i: number,
  { auth, ...own }: { auth: string; direct: string[]; groups: string[]; big: string | undefined },
): Promise<void> {
  const ready = Promise.withResolvers<void>();
  const pod = i % ports.length;
  const socket: RawSocket = new RawSocket({
    port: ports[pod]!,
    path: '/socket.io/?EIO=4&transport=websocket',
    onText(text) {
      if (text.startsWith('0')) socket.send(`40${auth}`);
      else if (text.startsWith('44')) ready.reject(new Error(text));
      else if (text.startsWith('42["session:ready"')) ready.resolve();
      else onText(client, text);
    },
    onClose() {
      ready.reject(new Error('closed'));
      // Its answers would be waited for without end.
      if (clients.includes(client)) throw new Error('the server closed a socket');
    },
  });
  const client: LoadClient = { pod, socket, ...own, highest: new Map(), nextAck: 0, waiting: new Map() };
  await Promise.all([socket.opened, ready.promise]);
  clients.push(client);
}

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
  const payload = { conversationId: pick(client), clientMsgId: randomUUID(), body: `${stamp} ${client.pod} ${PADDING}` };
  client.socket.send(`42${id}${JSON.stringify(['message:send', payload])}`);
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

async function closed(seconds: number): Promise<void> {
  const end = performance.now() + seconds * 1_000;
  let open = clients.length;
  const { promise, resolve } = Promise.withResolvers<void>();
  for (const client of clients) {
    const next = (): void => {
      if (performance.now() < end) return send(client, '-', next);
      open -= 1;
      if (open === 0) resolve();
    };
    next();
  }
  await promise;
}

/** A fixed schedule: a slow server does not slow the sending. */
async function paced({ seconds, perSecond }: { seconds: number; perSecond: number }): Promise<number> {
  const start = performance.now();
  let sent = 0;
  let answered = 0;
  for (let now = 0; now < seconds * 1_000; now = performance.now() - start) {
    for (const due = (now / 1_000) * perSecond; sent < due; sent += 1)
      send(oneOf(clients), performance.now().toFixed(2), () => (answered += 1));
    await pause(2);
  }
  await pause(1_000);
  return sent - answered;
}

async function measure(work: () => Promise<number>): Promise<LoadStats> {
  const before = { ...total };
  latencies = [];
  const start = performance.now();
  const unanswered = await work();
  const seconds = (performance.now() - start) / 1_000;
  return {
    seconds,
    unanswered,
    latenciesMs: latencies,
    acked: total.acked - before.acked,
    refused: total.refused - before.refused,
    deliveries: total.deliveries - before.deliveries,
    outOfOrder: total.outOfOrder - before.outOfOrder,
  };
}

servePeer({
  open,
  closed: (seconds: number) => measure(() => closed(seconds).then(() => 0)),
  paced: (request: { seconds: number; perSecond: number }) => measure(() => paced(request)),
});
