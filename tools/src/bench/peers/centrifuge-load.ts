/** Clients of tools/peers/centrifuge: commands and replies of Centrifuge's JSON protocol, one a line, several in a frame. */
import { randomUUID } from 'node:crypto';
import { answered, checkClosed, delivered, type LoadClient, newClient, openAll, type Place } from '../load-clients.ts';
import { serveLoad } from '../load-loop.ts';
import { RawSocket } from '../raw-socket.ts';
import type { World } from '../world.ts';

interface Reply {
  id?: number;
  error?: { message: string };
  push?: { channel: string; pub?: { data: { id: string; body: string } } };
}

const CONNECT_ID = 0xffff_ffff;
const memberCounts = new Map<string, number>();
const lastNumbers = new Map<string, number>();
const numbers = new Map<string, { number: number; left: number }>();

/**
 * Without history nobody numbers a message, so whoever gets it first does. Two members who see two messages in
 * different orders are found by it.
 */
function numberOf(channel: string, id: string): number {
  let entry = numbers.get(id);
  if (!entry) {
    const number = (lastNumbers.get(channel) ?? 0) + 1;
    lastNumbers.set(channel, number);
    numbers.set(id, (entry = { number, left: memberCounts.get(channel)! }));
  }
  entry.left -= 1;
  if (entry.left === 0) numbers.delete(id);
  return entry.number;
}

function onReply(client: LoadClient, { id, error, push }: Reply): void {
  if (id !== undefined) return answered(client, id, error === undefined);
  if (!push?.pub) return;
  const { data } = push.pub;
  delivered(client, push.channel, numberOf(push.channel, data.id), data.body);
}

async function openOne({ user, pod, port, own }: Place): Promise<LoadClient> {
  const ready = Promise.withResolvers<void>();
  const onLine = (line: string): void => {
    // A ping, and its answer.
    if (line === '{}') return socket.send('{}');
    const reply = JSON.parse(line) as Reply;
    if (reply.id !== CONNECT_ID) onReply(client, reply);
    else if (reply.error) ready.reject(new Error(line));
    else ready.resolve();
  };
  const socket: RawSocket = new RawSocket({
    port,
    path: '/',
    onText: (text) => text.split('\n').forEach((line) => line && onLine(line)),
    onClose() {
      ready.reject(new Error('closed'));
      checkClosed(client);
    },
  });
  const write = (id: number, channel: string, body: string) =>
    socket.send(JSON.stringify({ id, publish: { channel, data: { id: randomUUID(), body } } }));
  const client: LoadClient = newClient({ ...own, pod, write });
  await socket.opened;
  const channels = [...own.direct, ...own.groups, ...(own.big ? [own.big] : [])];
  socket.send(JSON.stringify({ id: CONNECT_ID, connect: { data: { user, channels } } }));
  await ready.promise;
  return client;
}

serveLoad(({ world, ports }: { world: World; ports: number[] }) => {
  for (const { id, members } of world.conversations) memberCounts.set(id, new Set(members).size);
  return openAll(world, ports, openOne);
});
