import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { QueueObserver } from './queue.ts';
import type { ReflectorObserver } from './reflector.ts';

/** The names, labels and buckets of controller-runtime and client-go, so that existing dashboards and alerts work. */
export interface RuntimeMetrics extends Required<ReflectorObserver> {
  registry: Registry;
  observeRequest(answer: { method: string; code: string; host: string; seconds: number }): void;
  queueObserver(name: string): QueueObserver;
  reconciled(controller: string, result: ReconcileOutcome, seconds: number): void;
  workers(controller: string, active: number, max: number): void;
  leader(lease: string, isLeader: boolean): void;
}

export type ReconcileOutcome = 'success' | 'error' | 'requeue_after';

const reconcileBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5,
  5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];
const queueBuckets = [10e-9, 10e-8, 10e-7, 10e-6, 10e-5, 10e-4, 10e-3, 0.1, 1, 10];
const requestBuckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

function reconcileMetrics(registers: Registry[]) {
  const labelNames = ['controller'];
  return {
    total: new Counter({
      name: 'controller_runtime_reconcile_total',
      help: 'Reconciliations per controller, by result',
      labelNames: ['controller', 'result'],
      registers,
    }),
    errors: new Counter({
      name: 'controller_runtime_reconcile_errors_total',
      help: 'Failed reconciliations per controller',
      labelNames,
      registers,
    }),
    seconds: new Histogram({
      name: 'controller_runtime_reconcile_time_seconds',
      help: 'Length of a reconciliation',
      labelNames,
      buckets: reconcileBuckets,
      registers,
    }),
    active: new Gauge({ name: 'controller_runtime_active_workers', help: 'Workers that reconcile now', labelNames, registers }),
    max: new Gauge({ name: 'controller_runtime_max_concurrent_reconciles', help: 'Workers there are', labelNames, registers }),
  };
}

function queueMetrics(registers: Registry[], unfinished: () => Iterable<[string, Map<string, number>]>) {
  const labelNames = ['name', 'controller'];
  const forEachQueue = (set: (labels: { name: string; controller: string }, ages: number[]) => void) => {
    for (const [name, running] of unfinished())
      set(
        { name, controller: name },
        [...running.values()].map((since) => (performance.now() - since) / 1_000),
      );
  };
  return {
    depth: new Gauge({ name: 'workqueue_depth', help: 'Keys that wait', labelNames, registers }),
    adds: new Counter({ name: 'workqueue_adds_total', help: 'Keys that were added', labelNames, registers }),
    retries: new Counter({ name: 'workqueue_retries_total', help: 'Keys that were added again after a failure', labelNames, registers }),
    waited: new Histogram({
      name: 'workqueue_queue_duration_seconds',
      help: 'How long keys waited',
      labelNames,
      buckets: queueBuckets,
      registers,
    }),
    worked: new Histogram({
      name: 'workqueue_work_duration_seconds',
      help: 'How long keys took',
      labelNames,
      buckets: queueBuckets,
      registers,
    }),
    unfinished: new Gauge({
      name: 'workqueue_unfinished_work_seconds',
      help: 'Seconds of work under way, all keys together',
      labelNames,
      registers,
      collect() {
        forEachQueue((labels, ages) =>
          this.set(
            labels,
            ages.reduce((sum, age) => sum + age, 0),
          ),
        );
      },
    }),
    longest: new Gauge({
      name: 'workqueue_longest_running_processor_seconds',
      help: 'Age of the oldest work under way',
      labelNames,
      registers,
      collect() {
        forEachQueue((labels, ages) => this.set(labels, Math.max(0, ...ages)));
      },
    }),
  };
}

function clientMetrics(registers: Registry[]) {
  const labelNames = ['kind'];
  return {
    requests: new Counter({
      name: 'rest_client_requests_total',
      help: 'Requests to the API server, by status code, method and host',
      labelNames: ['code', 'method', 'host'],
      registers,
    }),
    seconds: new Histogram({
      name: 'rest_client_request_duration_seconds',
      help: 'Time until the headers of the answer',
      labelNames: ['verb', 'host'],
      buckets: requestBuckets,
      registers,
    }),
    lists: new Counter({ name: 'reflector_lists_total', help: 'Lists made by reflectors', labelNames, registers }),
    watches: new Counter({ name: 'reflector_watches_total', help: 'Watches opened by reflectors', labelNames, registers }),
    failures: new Counter({ name: 'reflector_failures_total', help: 'Watches and lists of reflectors that failed', labelNames, registers }),
    leader: new Gauge({ name: 'leader_election_master_status', help: '1 while this process leads', labelNames: ['name'], registers }),
  };
}

export function createMetrics(registry: Registry = new Registry()): RuntimeMetrics {
  const registers = [registry];
  const running = new Map<string, Map<string, number>>();
  const client = clientMetrics(registers);
  const reconcile = reconcileMetrics(registers);
  const queue = queueMetrics(registers, () => running);

  return {
    registry,
    observeRequest({ method, code, host, seconds }) {
      client.requests.inc({ method, code, host });
      client.seconds.observe({ verb: method, host }, seconds);
    },
    listed: (kind) => client.lists.inc({ kind }),
    watched: (kind) => client.watches.inc({ kind }),
    failed: (kind) => client.failures.inc({ kind }),
    leader: (name, isLeader) => client.leader.set({ name }, isLeader ? 1 : 0),
    reconciled(controller, result, seconds) {
      reconcile.total.inc({ controller, result });
      reconcile.seconds.observe({ controller }, seconds);
      if (result === 'error') reconcile.errors.inc({ controller });
    },
    workers(controller, active, max) {
      reconcile.active.set({ controller }, active);
      reconcile.max.set({ controller }, max);
    },
    queueObserver(name) {
      const labels = { name, controller: name };
      const mine = new Map<string, number>();
      running.set(name, mine);
      queue.depth.set(labels, 0);
      return {
        added: () => queue.adds.inc(labels),
        retried: () => queue.retries.inc(labels),
        depth: (length) => queue.depth.set(labels, length),
        started(key, waitedMs) {
          mine.set(key, performance.now());
          queue.waited.observe(labels, waitedMs / 1_000);
        },
        finished(key, workedMs) {
          mine.delete(key);
          queue.worked.observe(labels, workedMs / 1_000);
        },
      };
    },
  };
}
