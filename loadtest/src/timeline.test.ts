import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Meters } from './meters.ts';
import { parsePrometheus } from './sampler.ts';
import { Timeline } from './timeline.ts';

function reading(meters: Meters, atMs: number) {
  return { atMs, ...meters.take(), people: 1, live: 1, caughtUp: 1, unsent: 0, byPod: { a: 1 }, wrong: 0, loopLagMs: 2 };
}

test('seconds hold what happened in them, over all threads', () => {
  const timeline = new Timeline();
  const [one, other] = [new Meters(), new Meters()];
  timeline.begin(1_000);
  one.counters.sent = 2;
  one.time('ack', 5);
  other.counters.sent = 3;
  timeline.addReading(0, reading(one, 1_500));
  timeline.addReading(1, reading(other, 1_600));
  one.counters.sent = 4;
  timeline.addReading(0, reading(one, 2_500));
  const [first, second] = timeline.moments();
  assert.equal(first?.counts.sent, 5);
  assert.equal(first?.times.ack?.count, 1);
  assert.deepEqual(first?.byPod, { a: 2 });
  assert.equal(second?.counts.sent, 2);
});

test('what happened before the load began is not in the first second', () => {
  const timeline = new Timeline();
  const meters = new Meters();
  meters.counters.connects = 100;
  timeline.addReading(0, reading(meters, 500));
  timeline.begin(1_000);
  meters.counters.connects = 101;
  timeline.addReading(0, reading(meters, 1_500));
  assert.equal(timeline.moments()[0]?.counts.connects, 1);
});

test('of what is long past only the quantiles are kept, and they stay right', () => {
  const timeline = new Timeline();
  const meters = new Meters();
  timeline.begin(0);
  for (let second = 0; second < 40; second += 1) {
    meters.time('ack', second + 1);
    timeline.addReading(0, reading(meters, second * 1_000 + 500));
  }
  const acks = timeline.moments().map(({ times }) => Math.round(times.ack?.p50 ?? 0));
  assert.deepEqual(
    acks,
    Array.from({ length: 40 }, (_, i) => i + 1),
  );
});

test('CPU is the share of a core between two looks, and unknown over a restart', () => {
  const timeline = new Timeline();
  timeline.begin(0);
  timeline.addSample(500, { a: { cpuMs: 100 } });
  timeline.addSample(1_500, { a: { cpuMs: 600 } });
  timeline.addSample(2_500, { a: { cpuMs: 20 } });
  const shares = timeline.moments().map(({ pods }) => pods.a?.cpuShare);
  assert.deepEqual(shares, [undefined, 0.5, undefined]);
});

test('CPU and memory are found in the Prometheus text', () => {
  const text = '# HELP x\nprocess_cpu_seconds_total 1.5\nprocess_resident_memory_bytes{pod="a"} 1048576\nprocess_open_fds 40\n';
  assert.deepEqual(parsePrometheus(text), { cpuMs: 1_500, rssBytes: 1_048_576, descriptors: 40 });
});
