import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { EndedCode } from '@chatcluster/protocol';
import type { Logger } from './log.ts';
import type { ReadOutcome } from './store/replicas/reads.ts';

export interface EventsDeps {
  log: Logger;
  connections(): number;
  waitingRows(): number;
  /** Those that are read from at the moment. */
  replicas(): number;
}

/** One function per business event: a counter and, where someone may want to read it, a log line. Labels are few and fixed. */
export function createEvents({ log, connections, waitingRows, replicas }: EventsDeps) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const calls = new Counter({
    name: 'chat_socket_calls_total',
    help: 'Socket events answered, by event and outcome',
    labelNames: ['event', 'outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'chat_socket_call_seconds',
    help: 'Time from event to ack',
    labelNames: ['event'],
    registers,
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
  });
  const opened = new Counter({ name: 'chat_sockets_opened_total', help: 'Authenticated sockets', registers });
  const ended = new Counter({
    name: 'chat_sockets_ended_total',
    help: 'Sockets ended by the server for good, by the code that they were told',
    labelNames: ['code'],
    registers,
  });
  const refused = new Counter({
    name: 'chat_handshakes_refused_total',
    help: 'Upgrades refused, by reason',
    labelNames: ['reason'],
    registers,
  });
  const published = new Counter({
    name: 'chat_publishes_total',
    help: 'Commits handed to the fan-out, by whether all pods were told',
    labelNames: ['told'],
    registers,
  });
  const postgres = new Gauge({ name: 'chat_postgres_reachable', help: '1 while this pod reaches a writable Postgres', registers });
  postgres.set(1);
  const queued = new Counter({ name: 'chat_messages_queued_total', help: 'Messages acknowledged as queued', registers });
  const rejected = new Counter({ name: 'chat_queued_rejected_total', help: 'Queued messages refused when they were stored', registers });
  const jobs = new Counter({
    name: 'chat_jobs_total',
    help: 'Attempts of jobs, by kind and how they ended',
    labelNames: ['kind', 'outcome'],
    registers,
  });
  const batchRows = new Histogram({
    name: 'chat_batch_rows',
    help: 'Entries per group commit',
    buckets: [1, 2, 5, 10, 20, 50, 100],
    registers,
  });
  new Gauge({
    name: 'chat_sockets',
    help: 'Open sockets',
    registers,
    collect() {
      this.set(connections());
    },
  });
  new Gauge({
    name: 'chat_batch_waiting_rows',
    help: 'Entries that wait for a batch',
    registers,
    collect() {
      this.set(waitingRows());
    },
  });
  new Gauge({
    name: 'chat_replicas_usable',
    help: 'Read replicas that this pod reads from at the moment',
    registers,
    collect() {
      this.set(replicas());
    },
  });
  const reads = new Counter({
    name: 'chat_replica_reads_total',
    help: 'Reads that a replica may serve: by the replica, by the primary, or by the primary after a replica was away, behind or cancelled it',
    labelNames: ['outcome'],
    registers,
  });
  const pushes = new Counter({
    name: 'chat_pushes_total',
    help: 'Answers of push services, by outcome',
    labelNames: ['outcome'],
    registers,
  });
  return {
    registry,
    pushSent(outcome: 'sent' | 'gone' | 'refused' | 'repeated'): void {
      pushes.inc({ outcome });
    },
    readServed(outcome: ReadOutcome): void {
      reads.inc({ outcome });
    },
    socketCalled(event: string, outcome: string, durationMs: number): void {
      calls.inc({ event, outcome });
      seconds.observe({ event }, durationMs / 1000);
    },
    socketOpened(): void {
      opened.inc();
    },
    socketEnded(code: EndedCode): void {
      ended.inc({ code });
    },
    handshakeRefused(reason: 'origin' | 'overloaded'): void {
      refused.inc({ reason });
    },
    batchCommitted(rows: number): void {
      batchRows.observe(rows);
    },
    published(told: boolean): void {
      published.inc({ told: String(told) });
    },
    messageQueued(): void {
      queued.inc();
    },
    queuedRejected(): void {
      rejected.inc();
    },
    jobSettled(kind: string, outcome: 'done' | 'repeated' | 'failed'): void {
      jobs.inc({ kind, outcome });
    },
    postgresChanged(reachable: boolean): void {
      postgres.set(reachable ? 1 : 0);
      if (reachable) log.info('postgres answers again');
      else log.warn('postgres is away');
    },
    sessionsRevoked(userId: string, sessions: number): void {
      log.info({ userId, sessions }, 'sessions revoked');
    },
  };
}
export type Events = ReturnType<typeof createEvents>;

/** The pod's own load, as the autoscaler reads it. Lag and utilization are of the time since the previous reading. */
export function createLoadMeter(accepted: () => number) {
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  let before = performance.eventLoopUtilization();
  let acceptedBefore = accepted();
  let at = performance.now();
  let reading = { acceptPerSecond: 0, eventLoopUtilization: 0, loopLagP99Ms: 0 };

  function read(): void {
    const now = performance.now();
    const current = performance.eventLoopUtilization();
    const total = accepted();
    reading = {
      acceptPerSecond: ((total - acceptedBefore) * 1000) / Math.max(1, now - at),
      eventLoopUtilization: performance.eventLoopUtilization(current, before).utilization,
      // The histogram counts the timer's own 10 ms as delay.
      loopLagP99Ms: Math.max(0, delay.percentile(99) / 1e6 - 10),
    };
    before = current;
    acceptedBefore = total;
    at = now;
    delay.reset();
  }

  const timer = setInterval(read, 5_000);
  timer.unref();
  return {
    read: () => ({ ...reading, heapUsedRatio: process.memoryUsage().heapUsed / getHeapStatistics().heap_size_limit }),
    [Symbol.dispose](): void {
      clearInterval(timer);
      delay.disable();
    },
  };
}
