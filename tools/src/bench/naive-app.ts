/**
 * The rival: what a good tutorial ends with. Socket.IO with rooms, the Redis Streams adapter between the pods, one INSERT
 * per message before the ack. It checks the same things (who, member of that conversation) and promises far less.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { Server } from 'socket.io';
import { servePeer } from './peer.ts';

const [databaseUrl, redisUrl] = process.argv.slice(2);
const pool = new Pool({ connectionString: databaseUrl, max: 10 });
const http = createServer();
const io = new Server(http, { transports: ['websocket'], perMessageDeflate: false, adapter: createAdapter(new Redis(redisUrl!)) });

io.use((socket, next) => {
  pool
    .query({ name: 'rooms', text: 'select conversation_id from memberships where user_id = $1', values: [socket.handshake.auth.userId] })
    .then(({ rows }) => {
      socket.data.userId = socket.handshake.auth.userId;
      socket.data.rooms = rows.map((row: { conversation_id: string }) => row.conversation_id);
      next();
    }, next);
});

io.on('connection', (socket) => {
  void socket.join(socket.data.rooms as string[]);
  socket.on('message:send', (message: { conversationId: string; body: string }, ack: (answer: unknown) => void) => {
    void send(socket.data.userId as string, socket.rooms.has(message.conversationId), message).then(ack);
  });
  socket.emit('session:ready', {});
});

async function send(
  userId: string,
  isMember: boolean,
  { conversationId, body }: { conversationId: string; body: string },
): Promise<unknown> {
  if (!isMember) return { ok: false };
  const { rows } = await pool.query<{ id: string; at: Date }>({
    name: 'insert',
    text: 'insert into messages (conversation_id, sender_id, body) values ($1, $2, $3) returning id, at',
    values: [conversationId, userId, body],
  });
  const { id, at } = rows[0]!;
  const entry = { seq: Number(id), type: 'message', id, at, actorId: userId, data: { body } };
  io.to(conversationId).emit('entries', { conversationId, entries: [entry] });
  return { ok: true, data: { id } };
}

servePeer({
  listen: () => new Promise<number>((resolve) => http.listen(0, '127.0.0.1', 4_096, () => resolve((http.address() as AddressInfo).port))),
});
