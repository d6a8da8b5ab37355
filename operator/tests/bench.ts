import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { bundleProgram } from '@chatcluster/tools/kubernetes/images/bundle';
import { memorySettings } from '@chatcluster/cdk8s/operator/workload';
import type { ChatClusterSpec } from '../src/api/index.ts';
import { chatClusters } from '../src/controller/kinds.ts';
import {
  conditionOf,
  createCluster,
  eventually,
  finishJobs,
  type Lab,
  patchSpec,
  readCluster,
  rollOut,
  startLab,
} from '../src/controller/testing.ts';
import { openConnection } from '../src/runtime/kube-config.ts';
import { defineResource, type KubeObject } from '../src/runtime/object.ts';
import { type Candidate, measureFailover } from './failover.ts';

/**
 * Figures of the operator as a process of its own against a real API server:
 * `node operator/tests/bench.ts [resources] [edits]`, by default 1000 and 500. The last line is JSON.
 */
const [resources = 1_000, edits = 500] = process.argv.slice(2).map(Number);
const perNamespace = 100;
const folder = join(import.meta.dirname, '../../docs/benchmarks');
const command = `node operator/tests/bench.ts ${resources} ${edits}`;
const spec: ChatClusterSpec = { database: { evaluation: {} }, redis: { managed: {} }, autoscaling: { engine: 'Disabled' } };

interface Deployment extends KubeObject {
  spec?: { replicas: number } & Record<string, unknown>;
}
const deployments = defineResource<Deployment>({ apiVersion: 'apps/v1', kind: 'Deployment', plural: 'deployments', namespaced: true });

interface Process extends Candidate {
  pid: number;
  startedAt: number;
  adminPort: number;
  stop(): Promise<void>;
}

/** Bundled as in the image: it takes less memory, and starts sooner, than a tree of sources. */
async function prepare(lab: Lab): Promise<{ program: string; connection: string }> {
  const { dir, kubeconfig } = lab.plane;
  await bundleProgram('operator/src/bench-operator.ts', join(dir, 'operator'));
  const { server, credentials } = await openConnection({ kubeconfig });
  const { tls } = await credentials();
  const text = (value: string | Buffer | undefined) => value?.toString();
  const connection = join(dir, 'bench-connection.json');
  writeFileSync(connection, JSON.stringify({ server, tls: { ca: text(tls.ca), cert: text(tls.cert), key: text(tls.key) } }), {
    mode: 0o600,
  });
  return { program: join(dir, 'operator', 'main.js'), connection };
}

async function startOperator(
  { program, connection }: { program: string; connection: string },
  adminPort: number,
  more: Record<string, string> = {},
): Promise<Process> {
  const env = {
    ...process.env,
    ...memorySettings,
    BENCH_CONNECTION: connection,
    LEADER_ELECTION: 'off',
    ADMIN_PORT: String(adminPort),
    HOST: '127.0.0.1',
    LOG_LEVEL: 'error',
    ...more,
  };
  const startedAt = performance.now();
  const child = spawn(process.execPath, [program], { env, stdio: 'inherit' });
  if (child.pid === undefined) throw new Error('the operator did not start');
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return {
    pid: child.pid,
    ended,
    kill: (signal) => void child.kill(signal),
    startedAt,
    adminPort,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** From Linux's own books: resident memory now, and processor time so far. */
function usageOf(pid: number): { rssMiB: number; cpuSeconds: number } {
  const rssKiB = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return { rssMiB: Math.round(rssKiB / 1_024), cpuSeconds: (Number(fields[11]) + Number(fields[12])) / 100 };
}

async function readCounters({ adminPort }: Process): Promise<{ requests: number; reconciled: number }> {
  const text = await (await fetch(`http://127.0.0.1:${adminPort}/metrics`)).text();
  const sum = (name: string) =>
    text
      .split('\n')
      .reduce((total, line) => (line.startsWith(`${name}{`) ? total + Number(line.slice(line.lastIndexOf(' ') + 1)) : total), 0);
  return { requests: sum('rest_client_requests_total'), reconciled: sum('controller_runtime_reconcile_total') };
}

async function inParallel<T>(items: T[], width: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const left = [...items];
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let item = left.pop(); item !== undefined; item = left.pop()) await work(item);
    }),
  );
}

interface EditTimes {
  /** From the moment at which the edit is sent until a watch shows the first write of the operator that follows from it. */
  operator: number[];
  /** What the API server alone takes for the same: an edit, its event, a server-side apply, its event. */
  floor: number[];
}

/** Both in turn, so that both meet the same machine. */
async function measureEdits(lab: Lab, namespace: string): Promise<EditTimes> {
  const bare = { namespace, name: 'bare' };
  const pod = { metadata: { labels: { app: 'bare' } }, spec: { containers: [{ name: 'bare', image: 'bare' }] } };
  const bareSpec = (replicas: number) => ({ replicas, selector: { matchLabels: { app: 'bare' } }, template: pod });
  await lab.client.create(deployments, { metadata: bare, spec: bareSpec(1) });
  const stop = new AbortController();
  const { resourceVersion } = await lab.client.list(deployments, { namespace });
  let waiting: { name: string; replicas: number; done: () => void } | undefined;
  const watching = (async () => {
    for await (const { type, object } of lab.client.watch(deployments, { namespace, resourceVersion, signal: stop.signal })) {
      if (type === 'BOOKMARK') continue;
      if (object.metadata.name === waiting?.name && object.spec?.replicas === waiting?.replicas) waiting?.done();
    }
  })().catch(() => undefined);
  const seen = async (name: string, replicas: number, write: () => Promise<unknown>) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting = { name, replicas, done: resolve };
    await write();
    await promise;
  };
  const timed = async (work: () => Promise<void>) => {
    const startedAt = performance.now();
    await work();
    const took = performance.now() - startedAt;
    await delay(20);
    return took;
  };
  const times: EditTimes = { operator: [], floor: [] };
  for (let edit = 0; edit < edits; edit += 1) {
    const replicas = 3 + (edit % 2);
    times.operator.push(
      await timed(() => seen('chat-0-api', replicas, () => patchSpec(lab.client, namespace, { roles: { api: { replicas } } }, 'chat-0'))),
    );
    times.floor.push(
      await timed(async () => {
        await seen('bare', replicas, () => lab.client.patch(deployments, bare, { spec: { replicas } }));
        const manifest = { metadata: bare, spec: bareSpec(replicas + 10) };
        await seen('bare', replicas + 10, () => lab.client.apply(deployments, manifest, { fieldManager: 'bench', force: true }));
      }),
    );
  }
  stop.abort();
  await watching;
  await lab.client.delete(deployments, bare);
  return times;
}

function quantiles(times: number[]): { p50: number; p99: number } {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number) => Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10) / 10;
  return { p50: at(0.5), p99: at(0.99) };
}

async function main(): Promise<void> {
  await using lab = await startLab();
  const program = await prepare(lab);
  const first = await startOperator(program, 19_311);
  const namespaces: string[] = [];
  for (let index = 0; index < Math.ceil(resources / perNamespace); index += 1) namespaces.push(await lab.createNamespace());
  const all = Array.from({ length: resources }, (_, index) => ({
    namespace: namespaces[Math.floor(index / perNamespace)] ?? '',
    name: `chat-${index}`,
  }));
  const createdAt = performance.now();
  await inParallel(all, 8, ({ namespace, name }) => createCluster(lab.client, namespace, spec, name));
  const isReady = async () => {
    const { items } = await lab.client.list(chatClusters);
    return items.filter((cluster) => conditionOf(cluster, 'Ready')?.status === 'True').length === resources;
  };
  await eventually(
    async () => {
      for (const namespace of namespaces) {
        await finishJobs(lab.client, namespace).catch(() => undefined);
        await rollOut(lab.client, namespace).catch(() => undefined);
      }
      return isReady();
    },
    { deadlineMs: 30 * 60_000 },
  );
  const readySeconds = (performance.now() - createdAt) / 1_000;
  process.stderr.write(`${resources} ChatClusters Ready after ${readySeconds.toFixed(0)} s\n`);
  await delay(10_000);
  const idle = await measureIdle(first);
  process.stderr.write(`idle: ${JSON.stringify(idle)}\n`);
  const times = await measureEdits(lab, namespaces[0] ?? '');
  const [edit, floor] = [quantiles(times.operator), quantiles(times.floor)];
  process.stderr.write(`edit to first write: ${JSON.stringify(edit)} ms; the API server alone: ${JSON.stringify(floor)} ms\n`);
  await rollOut(lab.client, namespaces[0] ?? '');
  await delay(5_000);
  await first.stop();
  const second = await startOperator(program, 19_312);
  const restartSeconds = await untilReconciled(second);
  const restarted = await readCounters(second);
  const after = usageOf(second.pid);
  await readCluster(lab.client, namespaces[0] ?? '', 'chat-0');
  await second.stop();
  let port = 19_312;
  const failover = await measureFailover(lab, (env) => startOperator(program, (port += 1), env));
  process.stderr.write(`failover: ${JSON.stringify(failover)}\n`);
  const figures = {
    resources,
    ...idle,
    editToFirstWriteMs: { ...edit, edits },
    apiServerAloneMs: floor,
    restart: { seconds: restartSeconds, requests: restarted.requests, rssMiB: after.rssMiB },
    failover,
    readySeconds: Math.round(readySeconds),
    machine: { cpus: availableParallelism(), load: loadavg().map((load) => Math.round(load * 10) / 10), node: process.version },
  };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  writeReport(figures);
}

interface Figures {
  rssMiB: number;
  idleCpuPercent: number;
  idleRequestsPerMinute: number;
  idleReconciles: number;
  editToFirstWriteMs: { p50: number; p99: number };
  apiServerAloneMs: { p50: number; p99: number };
  restart: { seconds: number; requests: number; rssMiB: number };
  failover: { cleanStopSeconds: number; crashSeconds: number };
  machine: { cpus: number; load: number[]; node: string };
}

function writeReport(figures: Figures): void {
  const { machine, restart, failover, editToFirstWriteMs: edit, apiServerAloneMs: floor } = figures;
  const row = (what: string, value: string, target: string, isMet: boolean) =>
    `| ${what} | ${value} | ${target} | ${isMet ? 'met' : '**missed**'} |`;
  const text = [
    '# The operator',
    '',
    `Written by \`${command}\`: the bundled program as a process of its own, against a real kube-apiserver on the same machine`,
    `(${machine.cpus} cores, Node ${machine.node}, load average ${machine.load.join(', ')}), with ${resources} ChatClusters.`,
    '',
    '| what | figure | target | |',
    '|---|---|---|---|',
    row('reconciliations in an idle minute', `${figures.idleReconciles}`, '0', figures.idleReconciles === 0),
    row(
      'API calls in an idle minute, of the whole operator',
      `${figures.idleRequestsPerMinute}`,
      '0 per resource',
      figures.idleRequestsPerMinute < resources / 10,
    ),
    row('idle CPU', `${figures.idleCpuPercent} %`, '< 1 %', figures.idleCpuPercent < 1),
    row('resident memory', `${Math.round(figures.rssMiB)} MiB`, '< 150 MiB', figures.rssMiB < 150),
    `| edit → first write, p50 | ${edit.p50} ms | | |`,
    `| the API server alone: edit, event, apply, event; p50, p99 | ${floor.p50}, ${floor.p99} ms | | |`,
    row('edit → first write, p99', `${edit.p99} ms`, '< 100 ms', edit.p99 < 100),
    row('restart until all were reconciled', `${restart.seconds} s`, '< 5 s', restart.seconds < 5),
    row('the leader is asked to end → another one leads', `${failover.cleanStopSeconds} s`, '< 3 s', failover.cleanStopSeconds < 3),
    row('the leader is killed → another one leads', `${failover.crashSeconds} s`, '≤ 17 s', failover.crashSeconds <= 17),
    '',
  ].join('\n');
  writeFileSync(join(folder, 'operator.json'), `${JSON.stringify({ command, ...figures }, null, 2)}\n`);
  writeFileSync(join(folder, 'operator.md'), text);
}

async function measureIdle(operator: Process) {
  const seconds = 60;
  const before = { ...usageOf(operator.pid), ...(await readCounters(operator)) };
  await delay(seconds * 1_000);
  const now = { ...usageOf(operator.pid), ...(await readCounters(operator)) };
  return {
    rssMiB: now.rssMiB,
    idleCpuPercent: Math.round(((now.cpuSeconds - before.cpuSeconds) / seconds) * 1_000) / 10,
    // Two discoveries a minute and watches that are opened anew; none of them is about one resource.
    idleRequestsPerMinute: now.requests - before.requests,
    idleReconciles: now.reconciled - before.reconciled,
  };
}

async function untilReconciled(operator: Process): Promise<number> {
  // Each look has the operator list thousands of metrics: looking all the time would be half of its work.
  await eventually(async () => (await readCounters(operator)).reconciled >= resources, { deadlineMs: 120_000, intervalMs: 100 });
  return Math.round((performance.now() - operator.startedAt) / 100) / 10;
}

await main();
