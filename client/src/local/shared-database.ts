import type { ResilientDatabase } from './resilient.ts';
import type { LocalMethod } from './types.ts';

/** Web Locks, as much of them as is needed. */
export interface LocksLike {
  request(name: string, options: { signal: AbortSignal }, hold: () => Promise<void>): Promise<void>;
}

/** A BroadcastChannel: what one posts, every other one receives. */
export interface ChannelLike {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  close(): void;
}

export interface SharedDatabaseDeps {
  /** Of the user; the same in all tabs. */
  name: string;
  locks: LocksLike;
  channel: ChannelLike;
  newId: () => string;
  open(): Promise<ResilientDatabase>;
  /** Deletes the files; called by the leader after closing. */
  remove(): Promise<void>;
}

type Message =
  | { kind: 'call'; id: string; method: LocalMethod | 'wipe'; args: unknown[] }
  | { kind: 'answer'; id: string; result?: unknown; error?: string }
  | { kind: 'leader' };

interface OpenCall {
  method: LocalMethod | 'wipe';
  args: unknown[];
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export interface SharedDatabase {
  /** Rejects only when this device has no storage for it. */
  call(method: LocalMethod, args: unknown[]): Promise<unknown>;
  /** Deletes everything and lets go. Nothing may be called afterwards. */
  wipe(): Promise<void>;
  close(): void;
}

/**
 * One database for all tabs: the holder of the lock owns the file, the others ask it. Every call may be made twice (its
 * answer may be lost with the leader), so all of them are idempotent.
 *
 * | state | on | does |
 * |---|---|---|
 * | following | call | asks over the channel |
 * | following | leader announced | asks again whatever is open |
 * | following | lock granted (the leader's tab is gone) | opens the file, announces itself, runs whatever is open |
 * | leading | call, own or from the channel | runs it |
 * | leading | the file cannot be opened | refuses its own calls, gives the lock to the next |
 */
export function createSharedDatabase(deps: SharedDatabaseDeps): SharedDatabase {
  const { channel, newId } = deps;
  const calls = new Map<string, OpenCall>();
  const stop = new AbortController();
  const gone = Promise.withResolvers<void>();
  let leading: ResilientDatabase | undefined;
  let failure: Error | undefined;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window
  const post = (message: Message) => channel.postMessage(message);

  async function run(method: LocalMethod | 'wipe', args: unknown[]): Promise<unknown> {
    if (leading === undefined) throw new Error('not the leader');
    if (method !== 'wipe') return (leading.call as (...given: unknown[]) => Promise<unknown>)(method, ...args);
    leading.close();
    leading = undefined;
    await deps.remove();
    failure = new Error('the local copy was deleted');
    gone.resolve();
    return undefined;
  }

  function settle(id: string, result: unknown, error?: string): void {
    const open = calls.get(id);
    if (!calls.delete(id)) return;
    if (error === undefined) open?.resolve(result);
    else open?.reject(new Error(error));
  }

  function runOwn(id: string, { method, args }: OpenCall): void {
    run(method, args).then(
      (result) => settle(id, result),
      (error: unknown) => settle(id, undefined, String(error)),
    );
  }

  function runForOther({ id, method, args }: Extract<Message, { kind: 'call' }>): void {
    run(method, args).then(
      (result) => post({ kind: 'answer', id, result }),
      (error: unknown) => post({ kind: 'answer', id, error: String(error) }),
    );
  }

  function ask(id: string, { method, args }: OpenCall): void {
    if (leading) runOwn(id, calls.get(id)!);
    else post({ kind: 'call', id, method, args });
  }

  channel.addEventListener('message', ({ data }) => {
    const message = data as Message;
    if (message.kind === 'answer') settle(message.id, message.result, message.error);
    else if (message.kind === 'leader') for (const [id, open] of calls) ask(id, open);
    // A call that comes before the file is open is asked again when this tab announces itself.
    else if (leading) runForOther(message);
  });

  async function lead(): Promise<void> {
    try {
      leading = await deps.open();
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      for (const id of [...calls.keys()]) settle(id, undefined, failure.message);
      return;
    }
    post({ kind: 'leader' });
    for (const [id, open] of [...calls]) runOwn(id, open);
    await gone.promise;
    leading?.close();
    leading = undefined;
  }

  deps.locks.request(deps.name, { signal: stop.signal }, lead).catch((error: unknown) => {
    if (!stop.signal.aborted) failure ??= error instanceof Error ? error : new Error(String(error));
  });

  function call(method: LocalMethod | 'wipe', args: unknown[]): Promise<unknown> {
    if (failure) return Promise.reject(failure);
    return new Promise((resolve, reject) => {
      const id = newId();
      const open = { method, args, resolve, reject };
      calls.set(id, open);
      ask(id, open);
    });
  }

  const close = () => {
    stop.abort();
    gone.resolve();
    channel.close();
  };
  return {
    call,
    async wipe() {
      try {
        await call('wipe', []);
      } finally {
        close();
      }
    },
    close,
  };
}
