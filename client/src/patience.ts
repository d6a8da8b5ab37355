import type { ClientEventName, EventInput, EventResult } from '@chatcluster/protocol';
import { ChatError } from '@chatcluster/protocol/errors';
import type { Connection } from './connection.ts';
import type { Emitter } from './emitter.ts';
import type { Scheduler } from './scheduler.ts';

/** A change made while the connection is away waits this long for it before it fails. */
const PATIENCE_MS = 10_000;

interface Deps {
  scheduler: Scheduler;
  emitter: Emitter;
  connection(): Connection;
}

export type Patiently = <E extends ClientEventName>(event: E, payload: EventInput<E>) => Promise<EventResult[E]>;

/** Waits for the connection and repeats what may pass, with the same payload, so the same clientMsgId. */
export function createPatience({ scheduler, emitter, connection }: Deps): Patiently {
  function untilOpen(endsAt: number): Promise<void> {
    if (connection().isOpen) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const off = emitter.on('connection', ({ state }) => {
        if (state !== 'syncing' && state !== 'refused') return;
        cancel();
        off();
        if (state === 'syncing') resolve();
        else reject(new ChatError('unauthenticated'));
      });
      const cancel = scheduler.after(Math.max(0, endsAt - scheduler.now()), () => {
        off();
        reject(new ChatError('unavailable', { message: 'Not connected.' }));
      });
    });
  }

  return async (event, payload) => {
    const endsAt = scheduler.now() + PATIENCE_MS;
    for (;;) {
      try {
        await untilOpen(endsAt);
        return await connection().call(event, payload);
      } catch (error) {
        const delayMs = error instanceof ChatError && error.retryable ? (error.retryAfterMs ?? 500) : undefined;
        if (delayMs === undefined || scheduler.now() + delayMs >= endsAt) throw error;
        await new Promise<void>((resolve) => scheduler.after(delayMs, resolve));
      }
    }
  };
}
