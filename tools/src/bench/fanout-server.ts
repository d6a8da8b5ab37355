import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { defaultLimits } from '@chatcluster/protocol/limits';
import { encodeEvent } from '@chatcluster/server/fanout/encode';
import { createHub } from '@chatcluster/server/fanout/hub';
import { Connection } from '@chatcluster/server/transport/socket/connection';
import { createIo } from '@chatcluster/server/transport/socket/gateway';
import { Server } from 'socket.io';
import { Sender, WebSocket, WebSocketServer } from 'ws';
import { entriesOf200Bytes } from './frames.ts';
import { servePeer } from './peer.ts';

/** One way to write the same message to every socket of a process. */
type Broadcast = () => void;
const mode = process.argv[2];
const http = createServer();
const frameText = () => `4${encodeEvent('entries', entriesOf200Bytes()).text}`;

function ours(): Broadcast {
  const io = createIo({ limits: defaultLimits, longPolling: false });
  const hub = createHub();
  io.on('connection', (socket) => {
    const principal = { userId: socket.id, sessionId: socket.id, guest: false, expiresAt: Infinity };
    hub.attach(
      new Connection({
        socket,
        principal,
        maxUnreadBytes: defaultLimits.unreadBytesPerSocket,
        eventRate: undefined,
        nowMs: Date.now(),
        onEnded: () => undefined,
      }),
    );
  });
  io.attach(http);
  return () => void hub.toUsers(hub.users(), encodeEvent('entries', entriesOf200Bytes()), false);
}

function plainSocketIo(): Broadcast {
  const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false });
  io.on('connection', (socket) => void socket.join('room'));
  return () => void io.to('room').emit('entries', entriesOf200Bytes());
}

function bareWs(write: (socket: WebSocket, data: Buffer, frame: Buffer) => void): Broadcast {
  const server = new WebSocketServer({ server: http, perMessageDeflate: false });
  server.on('connection', (socket) => socket.on('error', () => socket.terminate()));
  return () => {
    const data = Buffer.from(frameText());
    const frame = Buffer.concat(Sender.frame(data, { readOnly: false, mask: false, rsv1: false, opcode: 1, fin: true }));
    for (const socket of server.clients) if (socket.readyState === WebSocket.OPEN) write(socket, data, frame);
  };
}

const modes: Record<string, () => Broadcast> = {
  ours,
  'socket.io': plainSocketIo,
  ws: () => bareWs((socket, data) => socket.send(data, { binary: false })),
  /** The floor: the frame is made once and nothing but the socket's write is left. */
  floor: () =>
    bareWs((socket, _data, frame) => {
      (socket as unknown as { _sender: { sendFrame(list: Buffer[]): void } })._sender.sendFrame([frame]);
    }),
};
const broadcast = modes[mode ?? '']!();

servePeer({
  listen: () => new Promise<number>((resolve) => http.listen(0, '127.0.0.1', 4_096, () => resolve((http.address() as AddressInfo).port))),
  /** That many messages in one turn of the event loop. */
  broadcast(pending: number) {
    for (let i = 0; i < pending; i += 1) broadcast();
  },
  /** Processor time so far, in µs. */
  cpu: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
});
