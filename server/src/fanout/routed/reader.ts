import { setTimeout as wait } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import type { Logger } from '../../log.ts';
import { within } from '../lanes.ts';
import { type ChatRedis, whenReady } from '../redis.ts';
import { inboxKey, volatileKey } from './keys.ts';

const BLOCK_MS = 500;
const READ_COUNT = 256;
const RETRY_MS = 200;
/** A reply that is this late means a dead connection: blocking reads have no timeout of their own. */
const STUCK_MS = 3_000;

export type Fields = Record<string, string>;

export interface InboxReader extends AsyncDisposable {
  /** The counter of the last inbox entry that was handed on. */
  readonly seen: number;
  /** Continues behind these positions (after the routes were registered anew). */
  moveTo(counter: number, volatileId: string): void;
  /** Resolves when the inbox has been read up to this counter. */
  reached(counter: number): Promise<void>;
  run(signal: AbortSignal): Promise<void>;
}

interface Deps {
  redis: ChatRedis;
  podId: string;
  log: Logger;
  onEntry(fields: Fields): void;
  onVolatile(fields: Fields): void;
  /** What new entries wait for, if anything. */
  caughtUp(): Promise<unknown> | undefined;
  /** Entries are missing before the one just read. */
  onGap(): void;
}

type Reply = [stream: string, entries: [id: string, fields: string[]][]][] | null;

export function createReader(deps: Deps): InboxReader {
  const state = { seen: 0, volatileId: '$', generation: 0 };
  let waiters: { counter: number; resolve: () => void }[] = [];
  const client = deps.redis.connect();
  const inbox = inboxKey(deps.redis.prefix, deps.podId);
  const wake = () => {
    waiters.filter((w) => w.counter <= state.seen).forEach((w) => w.resolve());
    waiters = waiters.filter((w) => w.counter > state.seen);
  };
  return {
    get seen() {
      return state.seen;
    },
    moveTo(counter, volatileId) {
      Object.assign(state, { seen: counter, volatileId, generation: state.generation + 1 });
      waiters.splice(0).forEach((w) => w.resolve());
    },
    reached(counter) {
      if (counter <= state.seen) return Promise.resolve();
      return new Promise((resolve) => waiters.push({ counter, resolve }));
    },
    async run(signal) {
      while (!signal.aborted) {
        const generation = state.generation;
        const reply = await read(client, deps, state);
        await deps.caughtUp();
        if (signal.aborted) return;
        // A reply to the old position is delivered too, but must not move the new one.
        const current = generation === state.generation;
        if (reply) handle(reply, { deps, state, inbox, current });
        wake();
      }
    },
    async [Symbol.asyncDispose]() {
      client.disconnect();
    },
  };
}

/** One blocking read. A failure costs a pause, never a spin: a reader that fails fast would starve the event loop. */
async function read(client: Redis, deps: Deps, state: { seen: number; volatileId: string }): Promise<Reply> {
  const { redis, podId } = deps;
  const streams = [inboxKey(redis.prefix, podId), volatileKey(redis.prefix, podId)] as const;
  try {
    await whenReady(client, STUCK_MS);
    const pending = client.xread(
      'COUNT',
      READ_COUNT,
      'BLOCK',
      BLOCK_MS,
      'STREAMS',
      ...streams,
      `${state.seen}-0`,
      state.volatileId,
    ) as Promise<Reply>;
    let reply: Reply = null;
    if (
      await within(
        STUCK_MS,
        pending.then((r) => void (reply = r)),
      )
    )
      return reply;
    client.disconnect(true);
  } catch (error) {
    deps.log.debug({ err: error }, 'inbox could not be read');
    await wait(RETRY_MS);
  }
  return null;
}

interface Handling {
  deps: Deps;
  state: { seen: number; volatileId: string };
  inbox: string;
  current: boolean;
}

/** Entries first: a droppable event never goes before one. */
function handle(reply: NonNullable<Reply>, { deps, state, inbox, current }: Handling): void {
  for (const [id, fields] of reply.find(([stream]) => stream === inbox)?.[1] ?? []) {
    const counter = Number(id.split('-')[0]);
    if (current) {
      if (counter !== state.seen + 1) deps.onGap();
      state.seen = counter;
    }
    deps.onEntry(toObject(fields));
  }
  for (const [id, fields] of reply.find(([stream]) => stream !== inbox)?.[1] ?? []) {
    if (current) state.volatileId = id;
    deps.onVolatile(toObject(fields));
  }
}

function toObject(fields: string[]): Fields {
  const object: Fields = {};
  for (let i = 0; i + 1 < fields.length; i += 2) object[fields[i]!] = fields[i + 1]!;
  return object;
}
