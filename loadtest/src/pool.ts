import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { CallArgument, CallName, CallResult, FromThread, ThreadData, ThreadReading } from './thread-calls.ts';

interface Thread {
  worker: Worker;
  waiting: Map<number, PromiseWithResolvers<unknown>>;
}

/** The threads that hold the clients. */
export class Pool implements AsyncDisposable {
  readonly #threads: Thread[];
  #nextId = 0;

  private constructor(threads: Thread[]) {
    this.#threads = threads;
  }

  static async start(parts: ThreadData[], onReading: (thread: number, reading: ThreadReading) => void): Promise<Pool> {
    const threads = parts.map((workerData, index) => startThread(workerData, (reading) => onReading(index, reading)));
    await Promise.all(threads.map(({ ready }) => ready));
    return new Pool(threads);
  }

  get size(): number {
    return this.#threads.length;
  }

  /** The same call to every thread; the argument may depend on which. */
  all<N extends CallName>(name: N, argument: CallArgument<N> | ((index: number) => CallArgument<N>)): Promise<CallResult<N>[]> {
    return Promise.all(
      this.#threads.map(({ worker, waiting }, index) => {
        const id = this.#nextId++;
        const answer = Promise.withResolvers<unknown>();
        waiting.set(id, answer);
        worker.postMessage({ id, name, argument: typeof argument === 'function' ? argument(index) : argument }, []);
        return answer.promise as Promise<CallResult<N>>;
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#threads.map(({ worker }) => worker.terminate()));
  }
}

function startThread(workerData: ThreadData, onReading: (reading: ThreadReading) => void): Thread & { ready: Promise<unknown> } {
  const worker = new Worker(join(import.meta.dirname, 'thread.ts'), { workerData });
  const waiting: Thread['waiting'] = new Map();
  worker.on('message', (message: FromThread) => {
    if ('reading' in message) return onReading(message.reading);
    if ('isReady' in message) return void worker.emit('ready');
    const answer = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.error) answer?.reject(new Error(message.error));
    else answer?.resolve(message.value);
  });
  const failAll = (error: Error) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on('error', failAll);
  worker.on('exit', (code) => failAll(new Error(`a thread of the generator ended with code ${code}`)));
  return { worker, waiting, ready: once(worker, 'ready') };
}
