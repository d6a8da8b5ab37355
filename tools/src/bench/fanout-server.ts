import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { defaultLimits } from '@chatcluster/protocol/limits';
import { encodeEvent } from '@chatcluster/server/fanout/encode';
import { createHub } from '@chatcluster/server/fanout/hub';
import type { Hub } from '@chatcluster/server/fanout/types';
import { Connection } from '@chatcluster/server/transport/socket/connection';
import { createIo } from '@chatcluster/server/transport/socket/gateway';
import { Server } from 'socket.io';
import { Sender, type ServerOptions, WebSocket, WebSocketServer } from 'ws';
import { entriesOf200Bytes } from './frames.ts';
import { servePeer } from './peer.ts';

/** One way to write the same message so many times to every socket of a process, in one turn of the event loop. */
type Broadcast = (pending: number) => void;
const mode = process.argv[2];
const http = createServer();
const frameText = () => `4${encodeEvent('entries', entriesOf200Bytes()).text}`;
const connections: Connection[] = [];

function repeat(once: () => void): Broadcast {
  return (pending) => {
    for (let i = 0; i < pending; i += 1) once();
  };
}

/** The real hub over real connections. */
function openHub(): Hub {
  const io = createIo({ limits: defaultLimits, longPolling: false });
  const hub = createHub();
  io.on('connection', (socket) => {
    const principal = { userId: socket.id, sessionId: socket.id, guest: false, expiresAt: Infinity };
    const connection = new Connection({
      socket,
      principal,
      maxUnreadBytes: defaultLimits.unreadBytesPerSocket,
      eventRate: undefined,
      nowMs: Date.now(),
      onEnded: () => undefined,
    });
    connections.push(connection);
    hub.attach(connection);
  });
  io.attach(http);
  return hub;
}

function ours(): Broadcast {
  const hub = openHub();
  return repeat(() => void hub.toUsers(hub.users(), encodeEvent('entries', entriesOf200Bytes()), false));
}

function frameForEach(): Broadcast {
  const hub = openHub();
  return repeat(() => {
    for (const user of hub.users()) hub.toUsers([user], encodeEvent('entries', entriesOf200Bytes()), false);
  });
}

function oneEvent(): Broadcast {
  const hub = openHub();
  return (pending) => void hub.toUsers(hub.users(), encodeEvent('entries', entriesOf200Bytes(pending)), false);
}

/** Each frame with a system call of its own. */
function uncorked(): Broadcast {
  http.on('connection', (socket: Socket) => Object.assign(socket, { cork: () => undefined, uncork: () => undefined }));
  return ours();
}

function plainSocketIo(): Broadcast {
  const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false });
  io.on('connection', (socket) => void socket.join('room'));
  return repeat(() => void io.to('room').emit('entries', entriesOf200Bytes()));
}

function bareWs(
  write: (socket: WebSocket, data: Buffer, frame: Buffer) => void,
  perMessageDeflate: ServerOptions['perMessageDeflate'] = false,
): Broadcast {
  const server = new WebSocketServer({ server: http, perMessageDeflate });
  server.on('connection', (socket) => socket.on('error', () => socket.terminate()));
  return repeat(() => {
    const data = Buffer.from(frameText());
    const frame = Buffer.concat(Sender.frame(data, { readOnly: false, mask: false, rsv1: false, opcode: 1, fin: true }));
    for (const socket of server.clients) if (socket.readyState === WebSocket.OPEN) write(socket, data, frame);
  });
}
const sendData = (socket: WebSocket, data: Buffer) => socket.send(data, { binary: false });

const modes: Record<string, () => Broadcast> = {
  ours,
  'socket.io': plainSocketIo,
  'frame-for-each': frameForEach,
  'one-event': oneEvent,
  uncorked,
  ws: () => bareWs(sendData),
  'ws-deflate': () => bareWs(sendData, { threshold: 0 }),
  /** The floor: the frame is made once and nothing but the socket's write is left. */
  floor: () =>
    bareWs((socket, _data, frame) => {
      (socket as unknown as { _sender: { sendFrame(list: Buffer[]): void } })._sender.sendFrame([frame]);
    }),
};
const broadcast = modes[mode ?? '']!();

servePeer({
  listen: () => new Promise<number>((resolve) => http.listen(0, '127.0.0.1', 4_096, () => resolve((http.address() as AddressInfo).port))),
  broadcast,
  forgetHandshakes: () => connections.forEach((connection) => connection.forgetHandshake()),
  /** Bytes of live objects; needs --expose-gc. */
  heap() {
    globalThis.gc!();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  },
  /** Processor time so far, in µs. */
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
});
