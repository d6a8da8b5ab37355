import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { eventually } from '../../../tools/src/testing.ts';
import { createClient } from './create-client.ts';
import { ApiError } from './errors.ts';
import { cutNote, EVENTS, type KubeEvent, type RecordedEvent } from './event-object.ts';
import { createEventRecorder, type EventRecorderOptions } from './events.ts';
import type { KubeObject } from './object.ts';
import { createTestingClock } from './testing-clock.ts';
import { startTestingCluster, type TestingCluster } from './testing-cluster.ts';
import { CONFIG_MAPS, configMap } from './testing-config-map.ts';
import { startTestingProxy } from './testing-proxy.ts';

let cluster: TestingCluster;
before(async () => {
  cluster = await startTestingCluster();
});
after(() => cluster[Symbol.asyncDispose]());

interface StoredEvent extends KubeEvent {
  note?: string;
  reason?: string;
  type?: string;
  regarding?: { name?: string; uid?: string };
}

const about = (regarding: KubeObject, more: Partial<RecordedEvent> = {}): RecordedEvent => ({
  regarding,
  type: 'Normal',
  reason: 'Created',
  action: 'Creating',
  note: 'it was created',
  ...more,
});
const stored = async (namespace: string) => (await cluster.client.list<StoredEvent>(EVENTS, { namespace })).items;

/** Counts writes instead of sending them. */
function createFakeClient() {
  const calls: string[] = [];
  const client = {
    create: (_: unknown, object: { series?: { count: number } }) => {
      calls.push(`create ${object.series?.count ?? 1}`);
      return Promise.resolve(object);
    },
    patch: (_: unknown, _ref: unknown, patch: { series?: { count: number } }) => {
      calls.push(`patch ${patch.series?.count}`);
      return Promise.resolve(patch);
    },
  };
  return { calls, client: client as unknown as EventRecorderOptions['client'] };
}

test('an event is stored by the API server, about its object', async () => {
  const namespace = await cluster.createNamespace();
  const object = await cluster.client.create(CONFIG_MAPS, configMap(namespace, 'a'));
  const recorder = createEventRecorder({ client: cluster.client, controller: 'example.com/c', instance: 'pod-1' });
  recorder.record(about({ apiVersion: 'v1', kind: 'ConfigMap', ...object }, { type: 'Warning', note: 'x'.repeat(5_000) }));
  const [event] = await eventually(async () => {
    const events = await stored(namespace);
    return events.length > 0 && events;
  });
  assert.deepEqual([event?.type, event?.reason, event?.regarding?.uid], ['Warning', 'Created', object.metadata.uid]);
  assert.equal(event?.note?.length, 1_024);
  await recorder.flush();
});

test('repeats are counted in one event, and written out at the end', async () => {
  const namespace = await cluster.createNamespace();
  const object = { apiVersion: 'v1', kind: 'ConfigMap', ...configMap(namespace, 'a') };
  const recorder = createEventRecorder({ client: cluster.client, controller: 'example.com/c', instance: 'pod-1' });
  recorder.record(about(object));
  await eventually(async () => (await stored(namespace)).length === 1);
  for (let count = 0; count < 9; count += 1) recorder.record(about(object));
  await recorder.flush();
  const events = await stored(namespace);
  assert.deepEqual(
    events.map(({ series }) => series?.count),
    [10],
  );
});

test('repeats are written every ten seconds, and after six quiet minutes it is a new event', async () => {
  const { calls, client } = createFakeClient();
  const clock = createTestingClock();
  const recorder = createEventRecorder({ client, controller: 'c', instance: 'i', clock });
  const event = about(configMap('n', 'a'));
  recorder.record(event);
  await clock.advanceSettled(0);
  for (let second = 0; second < 25; second += 1) {
    recorder.record(event);
    await clock.advanceSettled(1_000);
  }
  await clock.advanceSettled(60_000);
  assert.deepEqual(calls, ['create 1', 'patch 11', 'patch 21', 'patch 26']);
  await clock.advanceSettled(6 * 60_000);
  assert.equal(clock.timers, 0);
  recorder.record(event);
  await clock.advanceSettled(0);
  assert.equal(calls.at(-1), 'create 1');
});

test('one object has 25 events at once and then one in five minutes', async () => {
  const { calls, client } = createFakeClient();
  const clock = createTestingClock();
  const recorder = createEventRecorder({ client, controller: 'c', instance: 'i', clock });
  for (let count = 0; count < 100; count += 1) recorder.record(about(configMap('n', 'a'), { note: `${count}` }));
  recorder.record(about(configMap('n', 'b')));
  await clock.advanceSettled(1_000);
  assert.deepEqual([calls.length, recorder.dropped], [26, 75]);
  await clock.advanceSettled(300_000);
  for (let count = 0; count < 10; count += 1) recorder.record(about(configMap('n', 'a'), { note: `again ${count}` }));
  await clock.advanceSettled(1_000);
  assert.equal(calls.length, 27);
});

test('what is refused is dropped, and the caller never learns of it', async () => {
  const clock = createTestingClock();
  let calls = 0;
  const refuse = () => {
    calls += 1;
    return Promise.reject(new ApiError('no', { status: 403, reason: 'Forbidden' }));
  };
  const recorder = createEventRecorder({ client: { create: refuse, patch: refuse }, controller: 'c', instance: 'i', clock });
  recorder.record(about(configMap('n', 'a')));
  recorder.record(undefined as unknown as RecordedEvent);
  await clock.advanceSettled(60_000);
  assert.deepEqual([calls, recorder.dropped], [1, 1]);
});

test('an answer that is lost on the way makes no second event', async () => {
  const namespace = await cluster.createNamespace();
  await using proxy = await startTestingProxy(cluster.connection);
  const client = await createClient({ connection: proxy.connection });
  let calls = 0;
  proxy.script = () => (++calls === 1 ? { kind: 'reset-after' } : undefined);
  const recorder = createEventRecorder({ client, controller: 'example.com/c', instance: 'pod-1' });
  recorder.record(about({ apiVersion: 'v1', kind: 'ConfigMap', ...configMap(namespace, 'a') }));
  await eventually(() => calls === 2);
  await recorder.flush();
  assert.deepEqual([(await stored(namespace)).length, recorder.dropped], [1, 0]);
  await client.close();
});

test('flush gives up at its deadline when the API server does not answer', async () => {
  await using proxy = await startTestingProxy(cluster.connection);
  const client = await createClient({ connection: proxy.connection });
  proxy.script = () => ({ kind: 'hang' });
  const recorder = createEventRecorder({ client, controller: 'example.com/c', instance: 'pod-1' });
  recorder.record(about(configMap('default', 'a')));
  const startedAt = performance.now();
  await recorder.flush(100);
  assert.ok(performance.now() - startedAt < 1_000);
  await client.close();
});

test('a note is cut at 1,024 bytes and never within a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 100, maxLength: 2_000 }), (note) => {
      const cut = cutNote(note);
      assert.ok(Buffer.byteLength(cut) <= 1_024);
      assert.ok(note.startsWith(cut) && (cut === note || Buffer.byteLength(cut) > 1_020));
    }),
  );
});
