import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from './metrics.ts';
import { startMetricsServer } from './metrics-server.ts';
import { createQueue } from './queue.ts';
import { createTestingClock } from './testing-clock.ts';

async function start() {
  const state = { healthy: true, ready: false };
  const metrics = createMetrics();
  const server = await startMetricsServer({
    registry: metrics.registry,
    port: 0,
    host: '127.0.0.1',
    healthy: () => state.healthy,
    ready: () => state.ready,
  });
  const get = async (path: string, method = 'GET') => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
    return { status: response.status, text: await response.text(), type: response.headers.get('content-type') };
  };
  return { state, metrics, get, [Symbol.asyncDispose]: () => server.close() };
}

test('the probes tell what the checks tell', async () => {
  await using server = await start();
  assert.equal((await server.get('/healthz')).status, 200);
  assert.equal((await server.get('/readyz')).status, 503);
  server.state.ready = true;
  server.state.healthy = false;
  assert.equal((await server.get('/healthz')).status, 503);
  assert.equal((await server.get('/readyz?verbose')).status, 200);
});

test('metrics have the names and labels that dashboards for controller-runtime ask for', async () => {
  await using server = await start();
  const { metrics } = server;
  const queue = createQueue({ clock: createTestingClock(), observer: metrics.queueObserver('c') });
  queue.add('a');
  queue.addRateLimited('b');
  await queue.get();
  metrics.workers('c', 1, 2);
  metrics.reconciled('c', 'error', 0.2);
  metrics.leader('lease', true);
  metrics.observeRequest({ method: 'GET', code: '200', host: 'h:1', seconds: 0.1 });
  const { text, type } = await server.get('/metrics');
  assert.match(type ?? '', /^text\/plain; version=0\.0\.4/);
  for (const line of [
    'controller_runtime_reconcile_total{controller="c",result="error"} 1',
    'controller_runtime_reconcile_errors_total{controller="c"} 1',
    'controller_runtime_reconcile_time_seconds_count{controller="c"} 1',
    'controller_runtime_active_workers{controller="c"} 1',
    'controller_runtime_max_concurrent_reconciles{controller="c"} 2',
    'workqueue_depth{name="c",controller="c"} 0',
    'workqueue_adds_total{name="c",controller="c"} 1',
    'workqueue_retries_total{name="c",controller="c"} 1',
    'workqueue_queue_duration_seconds_count{name="c",controller="c"} 1',
    'leader_election_master_status{name="lease"} 1',
    'rest_client_requests_total{method="GET",code="200",host="h:1"} 1',
  ])
    assert.ok(text.includes(`${line}\n`), line);
  assert.match(text, /workqueue_unfinished_work_seconds\{name="c",controller="c"\} 0\.\d+/);
});

test('nothing else is served', async () => {
  await using server = await start();
  assert.equal((await server.get('/')).status, 404);
  assert.equal((await server.get('/metrics', 'POST')).status, 405);
});

test('a port that is taken is an error', async () => {
  const { registry } = createMetrics();
  const first = await startMetricsServer({ registry, port: 0, host: '127.0.0.1' });
  await assert.rejects(startMetricsServer({ registry, port: first.port, host: '127.0.0.1' }), /EADDRINUSE/);
  await first.close();
});
