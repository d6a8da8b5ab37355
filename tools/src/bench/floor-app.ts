/**
 * The floor: the least that a Node process can do and still acknowledge after the commit and reach every pod. Socket.IO's packets
 * by hand on bare `ws`, one INSERT per batch, one Redis stream that every pod reads, frames made once and written past `ws`'s own
 * framing, one write per socket and batch. No order, no duplicates refused, no rights, no catching up, no limits, no back pressure.
 * `socket.io` and `store` put ours in place of a part of it (`bench.ts promises`).
 */
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Redis } from 'ioredis';
import { Pool } from 'pg';
import { bareStore, ourStore, type Stored } from './floor-stores.ts';
import { bareWire, frameOf, socketIoWire } from './floor-wires.ts';
import { servePeer } from './peer.ts';

const [databaseUrl, redisUrl, ...parts] = process.argv.slice(2);
const isOurStore = parts.includes('store');
const stream = ['floor', ...parts].join(':');
const pool = new Pool({ connectionString: databaseUrl, max: 10 });
const redis = new Redis(redisUrl!);
const reader = new Redis(redisUrl!);
const http = createServer();
const members = new Map<string, Set<Socket>>();

async function join(userId: string, socket: Socket): Promise<void> {
  const table = isOurStore ? 'members' : 'memberships';
  const { rows } = await pool.query<{ id: string }>(`select conversation_id as id from ${table} where user_id = $1`, [userId]);
  for (const { id } of rows) members.set(id, (members.get(id) ?? new Set()).add(socket));
}

function publish(batch: Stored[]): void {
  const events = batch.map(({ conversationId, id, seq, at, userId, body }) => {
    const entry = { seq, type: 'message', id, at, actorId: userId, data: { body } };
    return [conversationId, `42${JSON.stringify(['entries', { conversationId, entries: [entry] }])}`];
  });
  void redis.xadd(stream, 'MAXLEN', '~', 1_000, '*', 'd', JSON.stringify(events));
}

async function read(): Promise<never> {
  let last = '$';
  while (true) {
    const [[, entries]] = (await reader.xread('BLOCK', 0, 'STREAMS', stream, last)) as [[string, [string, string[]][]]];
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

const { send } = (isOurStore ? ourStore : bareStore)(databaseUrl!, publish);
(parts.includes('socket.io') ? socketIoWire : bareWire)(http, { join, send });

servePeer({
  listen: () => {
    void read();
    return new Promise<number>((resolve) => http.listen(0, '127.0.0.1', 4_096, () => resolve((http.address() as AddressInfo).port)));
  },
});
