/** Bare Socket.IO, each socket in as many rooms as the first argument says. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { servePeer } from './peer.ts';

const rooms = Number(process.argv[2]);
const http = createServer();
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false });
let next = 0;
io.on('connection', (socket) => {
  for (let i = 0; i < rooms; i += 1) void socket.join(`room-${(next += 1) % 5_000}`);
});

servePeer({
  listen: () => new Promise<number>((resolve) => http.listen(0, '127.0.0.1', 4_096, () => resolve((http.address() as AddressInfo).port))),
});
