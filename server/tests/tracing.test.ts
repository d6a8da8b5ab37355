import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { eventually } from '@chatcluster/tools/testing';
import { type CollectedSpan, startCollector } from './_collector.ts';
import { startPods } from './_pods.ts';

const patient = { deadlineMs: 30_000 };

function newTrace(): { traceId: string; traceparent: string } {
  const traceId = randomBytes(16).toString('hex');
  return { traceId, traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01` };
}

/** Names from the span to the root of what was recorded. */
function pathOf(span: CollectedSpan, spans: readonly CollectedSpan[]): string[] {
  const parent = spans.find(({ spanId }) => spanId === span.parentSpanId);
  return parent ? [span.name, ...pathOf(parent, spans)] : [span.name];
}

test('one trace follows a message from its sender over both pods, with its statements', async () => {
  await using collector = await startCollector();
  await using cluster = await startPods(2, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
  const [ada, bob] = await cluster.guests(2);
  const { id } = await cluster.group([ada!, bob!]);
  const sender = await cluster.connect(ada!, 0);
  const reader = await cluster.connect(bob!, 1);
  const { traceId, traceparent } = newTrace();
  const body = `secret ${randomUUID()}`;
  const { seq } = await sender.send(id, body, { traceparent });
  const { traceparent: arrived } = await reader.next('entries', (e) => e.entries.some((entry) => entry.seq === seq));
  assert.equal(arrived?.slice(3, 35), traceId);

  const ofTrace = () => collector.spans.filter((span) => span.traceId === traceId);
  const find = (name: string, pod: number) => ofTrace().find((span) => span.name === name && span.podId === cluster.pod(pod).id);
  const deliver = await eventually(() => find('deliver', 1), { ...patient, message: 'the delivery on the other pod' });
  const statement = await eventually(
    () => ofTrace().find((span) => pathOf(span, ofTrace()).includes('group commit') && span.name.startsWith('sql ')),
    {
      ...patient,
      message: 'the statement of the batch',
    },
  );
  await eventually(() => find('socket message:send', 0), patient);
  await eventually(() => find('publish', 0), patient);
  assert.deepEqual(pathOf(deliver, ofTrace()), ['deliver', 'publish', 'socket message:send']);
  assert.deepEqual(pathOf(statement, ofTrace()).slice(1), ['group commit', 'socket message:send']);
  const said = collector.texts.join('\n');
  for (const secret of [body, ada!.accessToken, bob!.refreshToken]) assert.equal(said.includes(secret), false);
});

test('messages that share a batch are linked to it, and a request of REST is a span named by its route', async () => {
  await using collector = await startCollector();
  await using cluster = await startPods(1, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, BATCH_WINDOW_MS: '50' });
  const person = await cluster.guest();
  const { id } = await cluster.group([person]);
  const socket = await cluster.connect(person);
  const traces = Array.from({ length: 20 }, newTrace);
  await Promise.all(traces.map(({ traceparent }, i) => socket.send(id, `message ${i}`, { traceparent })));
  const batches = () => collector.spans.filter((span) => span.name === 'group commit');
  await eventually(() => {
    const reached = new Set(batches().flatMap((batch) => [batch.traceId, ...(batch.links ?? []).map((link) => link.traceId)]));
    return traces.every(({ traceId }) => reached.has(traceId));
  }, patient);
  const { traceId, traceparent } = newTrace();
  const url = `${cluster.pod(0).url}/v1/conversations/${id}`;
  await fetch(url, { headers: { authorization: `Bearer ${person.accessToken}`, traceparent } });
  const request = await eventually(() => collector.spans.find((span) => span.traceId === traceId && span.name.startsWith('GET ')), patient);
  assert.equal(request.name, 'GET /v1/conversations/:id');
});

test('a traceparent that is none is ignored, and a collector that is away disturbs nobody', async () => {
  await using cluster = await startPods(1, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
  const person = await cluster.guest();
  const { id } = await cluster.group([person]);
  const socket = await cluster.connect(person);
  for (const traceparent of ['', 'nonsense', `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`, `00-${'g'.repeat(32)}-${'1'.repeat(16)}-01`]) {
    assert.equal((await socket.send(id, 'hello', { traceparent })).status, 'stored');
  }
});

test('without an endpoint nothing of tracing is on the wire', async () => {
  await using cluster = await startPods(1);
  const person = await cluster.guest();
  const { id } = await cluster.group([person]);
  const socket = await cluster.connect(person);
  const { seq } = await socket.send(id, 'hello', { traceparent: newTrace().traceparent });
  const event = await socket.next('entries', (e) => e.entries.some((entry) => entry.seq === seq));
  assert.deepEqual(Object.keys(event).sort(), ['conversationId', 'entries']);
});
