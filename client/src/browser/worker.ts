import { openResilient } from '../local/resilient.ts';
import { type ChannelLike, createSharedDatabase, type LocksLike, type SharedDatabase } from '../local/shared-database.ts';
import { createPool } from './pool.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

/** As a dedicated worker has them; the SDK itself needs no DOM types. */
interface WorkerScope {
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
  navigator: { locks: LocksLike };
  BroadcastChannel: new (name: string) => ChannelLike;
}

const scope = globalThis as unknown as WorkerScope;

function open(userId: string): SharedDatabase {
  const name = `chat-${userId}`;
  const pool = createPool(name);
  return createSharedDatabase({
    name,
    locks: scope.navigator.locks,
    channel: new scope.BroadcastChannel(name),
    newId: () => globalThis.crypto.randomUUID(),
    open: () => openResilient({ open: pool.open, nowMs: Date.now }),
    remove: pool.remove,
  });
}

function answer(id: number, work: Promise<unknown>): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window
  const post = (message: FromWorker) => scope.postMessage(message);
  work.then(
    (result) => post({ id, result }),
    (error: unknown) => post({ id, error: String(error) }),
  );
}

let database: SharedDatabase | undefined;
scope.addEventListener('message', ({ data }) => {
  const message = data as ToWorker;
  if (message.kind === 'open') database = open(message.userId);
  else if (database === undefined) answer(message.id, Promise.reject(new Error('nothing is open')));
  else if (message.kind === 'wipe') answer(message.id, database.wipe());
  else answer(message.id, database.call(message.method, message.args));
});
