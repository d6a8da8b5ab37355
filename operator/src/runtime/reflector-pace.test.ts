import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubeList, WatchEvent, WatchOptions } from './client-types.ts';
import { sleep } from './clock.ts';
import { ApiError } from './errors.ts';
import { createReflector, type ReflectorOptions } from './reflector.ts';
import { createTestingClock } from './testing-clock.ts';
import { CONFIG_MAPS, type ConfigMap, configMap } from './testing-config-map.ts';

/** What a watch does: events, then an end after so long, or an error. */
interface Script {
  events?: WatchEvent<ConfigMap>[];
  livesMs?: number;
  error?: Error;
}

/** When a reflector asks for what, on a clock of its own; `random` is 1, so that delays are the longest. */
function setup({ watches = [], listErrors = [] }: { watches?: Script[]; listErrors?: Error[] }) {
  const clock = createTestingClock();
  const calls: string[] = [];
  const stop = new AbortController();
  const say = (what: string) => void calls.push(`${clock.now() / 1_000} ${what}`);
  let version = 100;
  const client = {
    list(): Promise<KubeList<ConfigMap>> {
      say('list');
      const error = listErrors.shift();
      version += 100;
      return error ? Promise.reject(error) : Promise.resolve({ items: [], resourceVersion: `${version}` });
    },
    async *watch(_: unknown, { resourceVersion }: WatchOptions): AsyncGenerator<WatchEvent<ConfigMap>> {
      say(`watch ${resourceVersion}`);
      const { events = [], livesMs = 300_000, error } = watches.shift() ?? {};
      yield* events;
      await sleep(clock, livesMs, stop.signal);
      if (error) throw error;
    },
  };
  const reflector = createReflector({
    client: client as unknown as ReflectorOptions<ConfigMap>['client'],
    resource: CONFIG_MAPS,
    clock,
    random: () => 1,
  });
  const running = reflector.run(stop.signal);
  return {
    clock,
    calls,
    reflector,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
    },
  };
}

const broken = () => new Error('broken');
const gone = () => new ApiError('too old', { status: 410, reason: 'Expired' });
const changed = (version: number): WatchEvent<ConfigMap> => {
  const object = configMap('n', 'a');
  return { type: 'MODIFIED', object: { ...object, metadata: { ...object.metadata, resourceVersion: `${version}` } } };
};

test('failures in a row are answered with delays that double up to 30 s', async () => {
  await using run = setup({ listErrors: Array.from({ length: 8 }, broken) });
  await run.clock.advanceSettled(120_000);
  const times = run.calls.filter((call) => call.endsWith('list')).map((call) => Number(call.split(' ')[0]));
  const delays = times.map((time, index) => Math.round((time - (times[index - 1] ?? 0)) * 10) / 10);
  assert.deepEqual(delays, [0, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30, 30]);
});

test('a watch that lived for a while ends a series of failures', async () => {
  const watches: Script[] = [
    { livesMs: 0, error: broken() },
    { livesMs: 0, error: broken() },
    { livesMs: 20_000, error: broken() },
  ];
  await using run = setup({ watches });
  await run.clock.advanceSettled(30_000);
  assert.deepEqual(
    run.calls.filter((call) => call.endsWith('list')),
    ['0 list', '0.8 list', '2.4 list', '23.2 list'],
  );
});

test('a watch goes on from the last event or bookmark, without a list', async () => {
  const bookmark: WatchEvent<ConfigMap> = { type: 'BOOKMARK', object: { metadata: { resourceVersion: '260' } } };
  await using run = setup({
    watches: [
      { events: [changed(210)], livesMs: 5_000 },
      { events: [bookmark], livesMs: 5_000 },
    ],
  });
  await run.clock.advanceSettled(11_000);
  assert.deepEqual(run.calls, ['0 list', '0 watch 200', '5 watch 210', '10 watch 260']);
});

test('the first 410 leads to a list at once, further ones to pauses', async () => {
  await using run = setup({ watches: [1, 2, 3].map(() => ({ livesMs: 0, error: gone() })) });
  await run.clock.advanceSettled(10_000);
  assert.deepEqual(
    run.calls.filter((call) => call.endsWith('list')),
    ['0 list', '0 list', '1.6 list', '4.8 list'],
  );
});

test('events out of order lead to a list when the watch ends, since one may be missing', async () => {
  await using run = setup({ watches: [{ events: [changed(220), changed(210)], livesMs: 5_000 }] });
  await run.clock.advanceSettled(6_000);
  assert.deepEqual(run.calls, ['0 list', '0 watch 200', '5 list', '5 watch 300']);
});

test('watches that end at once are opened once a second', async () => {
  await using run = setup({ watches: Array.from({ length: 100 }, () => ({ livesMs: 0 })) });
  await run.clock.advanceSettled(10_000);
  assert.equal(run.calls.filter((call) => call.includes('watch')).length, 11);
});

test('Retry-After outweighs a shorter delay', async () => {
  await using run = setup({ listErrors: [new ApiError('busy', { status: 429, reason: 'TooManyRequests', retryAfterMs: 7_000 })] });
  await run.clock.advanceSettled(8_000);
  assert.deepEqual(run.calls, ['0 list', '7 list', '7 watch 300']);
});
