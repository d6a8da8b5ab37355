/** Clients of a cluster that speak Socket.IO over raw sockets, as ours, the naive app and the floor understand it. */
import { randomUUID } from 'node:crypto';
import { answered, checkClosed, delivered, type LoadClient, newClient, openAll, type Place } from './load-clients.ts';
import { serveLoad } from './load-loop.ts';
import { RawSocket } from './raw-socket.ts';
import type { World } from './world.ts';

export interface LoadRequest {
  ports: number[];
  world: World;
  /** The `auth` object of each user's CONNECT packet, as JSON. */
  auths: string[];
}

function onText(client: LoadClient, socket: RawSocket, text: string): void {
  if (text.startsWith('42[')) onEvent(client, text);
  else if (text.startsWith('43')) onAck(client, text);
  else if (text === '2') socket.send('3');
}

function onAck(client: LoadClient, text: string): void {
  const bracket = text.indexOf('[');
  answered(client, Number(text.slice(2, bracket)), text.startsWith('[{"ok":true', bracket));
}

function onEvent(client: LoadClient, text: string): void {
  if (!text.startsWith('42["entries"')) return;
  const [, { conversationId, entries }] = JSON.parse(text.slice(2)) as [
    string,
    { conversationId: string; entries: { seq: number; data: { body: string } }[] },
  ];
  for (const { seq, data } of entries) delivered(client, conversationId, seq, data.body);
}

async function openOne({ pod, port, own }: Place, auth: string): Promise<LoadClient> {
  const ready = Promise.withResolvers<void>();
  const socket: RawSocket = new RawSocket({
    port,
    path: '/socket.io/?EIO=4&transport=websocket',
    onText(text) {
      if (text.startsWith('0')) socket.send(`40${auth}`);
      else if (text.startsWith('44')) ready.reject(new Error(text));
      else if (text.startsWith('42["session:ready"')) ready.resolve();
      else onText(client, socket, text);
    },
    onClose() {
      ready.reject(new Error('closed'));
      checkClosed(client);
    },
  });
  const client: LoadClient = newClient({
    ...own,
    pod,
    write: (id, conversationId, body) =>
      socket.send(`42${id}${JSON.stringify(['message:send', { conversationId, clientMsgId: randomUUID(), body }])}`),
  });
  await Promise.all([socket.opened, ready.promise]);
  return client;
}

serveLoad(({ world, ports, auths }: LoadRequest) => openAll(world, ports, (place) => openOne(place, auths[place.i]!)));
