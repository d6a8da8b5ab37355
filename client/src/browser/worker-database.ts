import type { LocalDatabase, LocalMethod } from '../local/types.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

/** A dedicated worker, as much of it as is used. */
export interface WorkerLike {
  postMessage(message: unknown): void;
  terminate(): void;
  addEventListener(type: 'message' | 'error', listener: (event: { data?: unknown }) => void): void;
}

/** The database in its worker, as the page sees it. Every call rejects when this browser has no storage for it. */
export interface WorkerDatabase {
  call<M extends LocalMethod>(method: M, ...args: Parameters<LocalDatabase[M]>): Promise<ReturnType<LocalDatabase[M]>>;
  wipe(): Promise<void>;
}

type Open = { resolve(result: unknown): void; reject(error: Error): void };

export function createWorkerDatabase(worker: WorkerLike, userId: string): WorkerDatabase {
  const calls = new Map<number, Open>();
  let nextId = 1;
  let failure: Error | undefined;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- not a window
  const post = (message: ToWorker) => worker.postMessage(message);

  function failAll(error: Error): void {
    failure = error;
    for (const open of calls.values()) open.reject(error);
    calls.clear();
    worker.terminate();
  }

  worker.addEventListener('message', ({ data }) => {
    const { id, result, error } = data as FromWorker;
    const open = calls.get(id);
    calls.delete(id);
    if (error === undefined) open?.resolve(result);
    else open?.reject(new Error(error));
  });
  // The script could not be loaded, or it is broken.
  worker.addEventListener('error', () => failAll(new Error('the worker of the local copy failed')));
  post({ kind: 'open', userId });

  function ask(message: (id: number) => ToWorker): Promise<unknown> {
    if (failure) return Promise.reject(failure);
    return new Promise((resolve, reject) => {
      const id = nextId++;
      calls.set(id, { resolve, reject });
      post(message(id));
    });
  }

  return {
    call: <M extends LocalMethod>(method: M, ...args: Parameters<LocalDatabase[M]>) =>
      ask((id) => ({ kind: 'call', id, method, args })) as Promise<ReturnType<LocalDatabase[M]>>,
    async wipe() {
      try {
        await ask((id) => ({ kind: 'wipe', id }));
      } finally {
        failAll(new Error('the local copy was deleted'));
      }
    },
  };
}
