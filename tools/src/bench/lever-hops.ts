import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { encodeEvent, frameOf } from '@chatcluster/server/fanout/encode';
import { createRedis } from '@chatcluster/server/fanout/redis';
import { createLog } from '@chatcluster/server/log';
import { entriesOf200Bytes } from './frames.ts';
import type { Lever, LeverOptions } from './levers.ts';

/** What one commit publishes, in the middle. */
const AT_ONCE = 50;
const users = Array.from({ length: 10 }, () => randomUUID());
const { text } = encodeEvent('entries', entriesOf200Bytes());

/** µs of this process, all threads, per message. */
async function cpuPer(count: number, work: () => Promise<void> | void): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}

function openWorker(): { encode(count: number): Promise<void> } & AsyncDisposable {
  const worker = new Worker(new URL('./lever-worker.ts', import.meta.url));
  return {
    encode: (count) =>
      new Promise((resolve) => {
        let left = count;
        const onFrame = () => {
          left -= 1;
          if (left > 0) return;
          worker.off('message', onFrame);
          resolve();
        };
        worker.on('message', onFrame);
        for (let i = 0; i < count; i += 1) worker.postMessage(entriesOf200Bytes(), []);
      }),
    [Symbol.asyncDispose]: async () => void (await worker.terminate()),
  };
}

/** From pod to pod. */
export async function openHopLevers({ services, isQuick, stack }: LeverOptions): Promise<Lever[]> {
  const [publishes, frames] = isQuick ? [2_000, 20_000] : [10_000, 100_000];
  const redis = stack.use(
    createRedis({ url: services.redisUrl, prefix: 'levers:', log: createLog('warn', 'bench'), commandTimeoutMs: 10_000 }),
  );
  await redis.load();
  const worker = stack.use(openWorker());
  const publish = () => redis.call('publish', ['bench', 1_000, randomUUID(), 1, 1, 1, 'user', text, ...users]);
  const perSecond = (work: () => Promise<unknown>) => async () => {
    const start = performance.now();
    for (let done = 0; done < publishes; done += AT_ONCE) await work();
    return publishes / ((performance.now() - start) / 1_000);
  };
  const encodeHere = () => frameOf(encodeEvent('entries', entriesOf200Bytes()));
  return [
    {
      name: `${AT_ONCE} publishes of one commit`,
      unit: 'publishes/s',
      variants: [
        ['in one write', perSecond(() => Promise.all(Array.from({ length: AT_ONCE }, publish)))],
        [
          'one after the other',
          perSecond(async () => {
            for (let i = 0; i < AT_ONCE; i += 1) await publish();
          }),
        ],
      ],
    },
    {
      name: 'an entry read from the inbox',
      unit: 'µs per entry',
      variants: [
        ['framed as it came', () => cpuPer(frames, () => repeat(frames, () => frameOf({ text })))],
        [
          'parsed and written anew',
          () => cpuPer(frames, () => repeat(frames, () => frameOf({ text: `2${JSON.stringify(JSON.parse(text.slice(1)))}` }))),
        ],
      ],
    },
    {
      name: 'a frame is made',
      unit: 'µs per frame',
      variants: [
        ['on the main thread', () => cpuPer(frames, () => repeat(frames, encodeHere))],
        [
          'by a worker thread',
          () =>
            cpuPer(frames, async () => {
              for (let done = 0; done < frames; done += AT_ONCE) await worker.encode(AT_ONCE);
            }),
        ],
      ],
    },
  ];
}

/** What is made is kept for a moment, or V8 would not make it. */
const kept: unknown[] = Array(64);
function repeat(count: number, work: () => unknown): void {
  for (let i = 0; i < count; i += 1) kept[i % kept.length] = work();
}
