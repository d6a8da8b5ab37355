/**
 * The floor: the least that a Node process can do and still acknowledge after the commit and reach every pod. Socket.IO's packets
 * by hand on bare `ws`, one INSERT per batch, one Redis stream that every pod reads, frames made once and written past `ws`'s own
 * framing, one write per socket and batch. No order, no duplicates refused, no rights, no catching up, no limits, no back pressure.
 */
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { Sender, type WebSocket, WebSocketServer } from 'ws';
import { servePeer } from './peer.ts';

const STREAM = 'floor';
/** Batches that are on their way to Postgres at once. */
const IN_FLIGHT = 2;

interface Waiting {
  socket: Socket;
  ack: string;
  userId: string;
  conversationId: string;
  body: string;
}

const [databaseUrl, redisUrl] = process.argv.slice(2);
const pool = new Pool({ connectionString: databaseUrl, max: 10 });
const redis = new Redis(redisUrl!);
const reader = new Redis(redisUrl!);
const http = createServer();
const members = new Map<string, Set<Socket>>();
let waiting: Waiting[] = [];
let inFlight = 0;

const frameOf = (text: string) =>
  Buffer.concat(Sender.frame(Buffer.from(text), { readOnly: false, mask: false, rsv1: false, opcode: 1, fin: true }));
const bare = (socket: WebSocket) => (socket as unknown as { _socket: Socket })._socket;

async function join(socket: WebSocket, { userId }: { userId: string }): Promise<void> {
  const { rows } = await pool.query<{ id: string }>('select conversation_id as id from memberships where user_id = $1', [userId]);
  for (const { id } of rows) members.set(id, (members.get(id) ?? new Set()).add(bare(socket)));
  socket.removeAllListeners('message');
  socket.on('message', (data: Buffer) => receive(bare(socket), userId, data.toString()));
  bare(socket).write(Buffer.concat([frameOf('40{"sid":"floor"}'), frameOf('42["session:ready",{}]')]));
}

function receive(socket: Socket, userId: string, text: string): void {
  const bracket = text.indexOf('[');
  const [, { conversationId, body }] = JSON.parse(text.slice(bracket)) as [string, { conversationId: string; body: string }];
  waiting.push({ socket, ack: text.slice(2, bracket), userId, conversationId, body });
  if (waiting.length === 1) setImmediate(flush);
}

function flush(): void {
  if (inFlight === IN_FLIGHT || waiting.length === 0) return;
  const batch = waiting;
  waiting = [];
  inFlight += 1;
  void store(batch).finally(() => {
    inFlight -= 1;
    flush();
  });
}

async function store(batch: Waiting[]): Promise<void> {
  const { rows } = await pool.query<{ id: string; at: Date }>({
    name: 'insert',
    text: 'insert into messages (conversation_id, sender_id, body) select * from unnest($1::uuid[], $2::uuid[], $3::text[]) returning id, at',
    values: [batch.map((row) => row.conversationId), batch.map((row) => row.userId), batch.map((row) => row.body)],
  });
  const events = batch.map(({ socket, ack, userId, conversationId, body }, i) => {
    const { id, at } = rows[i]!;
    socket.write(frameOf(`43${ack}[{"ok":true,"data":{"id":"${id}"}}]`));
    const entry = { seq: Number(id), type: 'message', id, at, actorId: userId, data: { body } };
    return [conversationId, `42${JSON.stringify(['entries', { conversationId, entries: [entry] }])}`];
  });
  await redis.xadd(STREAM, 'MAXLEN', '~', 1_000, '*', 'd', JSON.stringify(events));
}

async function read(): Promise<never> {
  let last = '$';
  while (true) {
    const [[, entries]] = (await reader.xread('BLOCK', 0, 'STREAMS', STREAM, last)) as [[string, [string, string[]][]]];
    const frames = new Map<Socket, Buffer[]>();
    for (const [id, [, events]] of entries) {
      last = id;
      for (const [conversationId, text] of JSON.parse(events!) as [string, string][]) {
        const frame = frameOf(text);
        for (const socket of members.get(conversationId) ?? []) {
          const list = frames.get(socket);
          if (list) list.push(frame);
          else frames.set(socket, [frame]);
        }
      }
    }
    for (const [socket, list] of frames) socket.write(list.length === 1 ? list[0]! : Buffer.concat(list));
  }
}

new WebSocketServer({ server: http, perMessageDeflate: false }).on('connection', (socket) => {
  socket.on('error', () => socket.terminate());
  bare(socket).write(frameOf('0{"sid":"floor","upgrades":[],"pingInterval":600000,"pingTimeout":600000,"maxPayload":1000000}'));
  socket.once('message', (data: Buffer) => void join(socket, JSON.parse(data.toString().slice(2)) as { userId: string }));
});

servePeer({
  listen: () => {
    void read();
    return new Promise<number>((resolve) => http.listen(0, '127.0.0.1', 4_096, () => resolve((http.address() as AddressInfo).port)));
  },
});
