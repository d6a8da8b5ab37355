/** Where the floor stores messages: bare rows, or what our server stores, in its own way. */
import { entryId } from '@chatcluster/server/ids';
import { createGroupCommit } from '@chatcluster/server/ingest/group-commit';
import { createLog } from '@chatcluster/server/log';
import { createStore } from '@chatcluster/server/store/store';
import { Pool } from 'pg';
import type { Message } from './floor-wires.ts';

/** Batches that are on their way to Postgres at once. */
const IN_FLIGHT = 2;
const POOL = 10;

export interface Stored extends Message {
  id: string;
  seq: number;
  at: string | Date;
}

/** `onStored` is told of each batch after its COMMIT. */
export type FloorStore = (databaseUrl: string, onStored: (batch: Stored[]) => void) => { send(message: Message): Promise<string> };

/** One INSERT per batch. */
export const bareStore: FloorStore = (databaseUrl, onStored) => {
  const pool = new Pool({ connectionString: databaseUrl, max: POOL });
  let waiting: { message: Message; resolve(id: string): void }[] = [];
  let inFlight = 0;
  const flush = () => {
    if (inFlight === IN_FLIGHT || waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    inFlight += 1;
    void store(batch).finally(() => {
      inFlight -= 1;
      flush();
    });
  };
  const store = async (batch: typeof waiting) => {
    const messages = batch.map(({ message }) => message);
    const { rows } = await pool.query<{ id: string; at: Date }>({
      name: 'insert',
      text: 'insert into messages (conversation_id, sender_id, body) select * from unnest($1::uuid[], $2::uuid[], $3::text[]) returning id, at',
      values: [messages.map((row) => row.conversationId), messages.map((row) => row.userId), messages.map((row) => row.body)],
    });
    batch.forEach(({ resolve }, i) => resolve(rows[i]!.id));
    onStored(messages.map((message, i) => ({ ...message, ...rows[i]!, seq: Number(rows[i]!.id) })));
  };
  return {
    send: (message) =>
      new Promise((resolve) => {
        waiting.push({ message, resolve });
        if (waiting.length === 1) setImmediate(flush);
      }),
  };
};

/** Numbers per conversation, no duplicates, the members' version, one list for whoever follows behind. */
export const ourStore: FloorStore = (databaseUrl, onStored) => {
  const store = createStore({ databaseUrl, poolSize: POOL, log: createLog('warn', 'bench') });
  const ingest = createGroupCommit({
    append: store.appendEntries,
    windowMs: 3,
    onCommitted: ({ rows, results }) =>
      onStored(
        rows.flatMap(({ id, conversationId, actorId, clientMsgId, data }, i) => {
          const result = results[i]!;
          if (result.status !== 'stored') throw new Error(`a message was not stored: ${result.status}`);
          const { body } = JSON.parse(data) as { body: string };
          return { id, conversationId, userId: actorId, clientMsgId: clientMsgId ?? '', body, seq: result.seq, at: result.at };
        }),
      ),
  });
  return {
    async send({ userId, conversationId, clientMsgId, body }) {
      const id = entryId(conversationId, userId, clientMsgId);
      const data = JSON.stringify({ body });
      await ingest.submit({ conversationId, id, type: 'message', actorId: userId, clientMsgId, data, expectVersion: 1 });
      return id;
    },
  };
};
