/** `make e2e FULL=1`: everything that happens to pods, under load, judged by the oracle; kept in docs/benchmarks/kubernetes.md and .json. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type Kubernetes, startKubernetes } from './_kubernetes.ts';
import { type LoadReport, startLoad } from './_load.ts';
import { type Scene, scenes } from './_scenes.ts';
import { forTests } from './_settings.ts';

const folder = join(import.meta.dirname, '../../docs/benchmarks');
const usual = { USERS: '600', CONNECTS: '60', RATE: '10' };
/** What comes after a pod is back belongs to the scene. */
const shortestMs = 30_000;

interface Row {
  scene: string;
  seed: number;
  users: number;
  seconds: number;
  acknowledged: number;
  queued: number;
  deliveries: number;
  findings: Record<string, number>;
  drops: number;
  hints: number;
  movedAgain: number;
  ackP50Ms: number;
  ackP99Ms: number;
  /** Load average before it began. */
  load: number;
  told: string;
  /** What did not go as promised, beside the findings. */
  wrong: string;
}

const isRight = ({ findings, wrong }: Row) => !wrong && Object.values(findings).every((count) => count === 0);

async function play(kubernetes: Kubernetes, { name, movesOnce, prepare, happen }: Scene): Promise<Row> {
  await prepare?.(kubernetes);
  const before = loadavg()[0] ?? 0;
  const env = {
    ...usual,
    ...(process.env.USERS ? { USERS: process.env.USERS } : {}),
    ...(process.env.SEED ? { SEED: process.env.SEED } : {}),
  };
  const load = startLoad({ URL: kubernetes.frontUrl, DURATION: '1800', SETTLE: '180', SESSION: '0', ...env });
  let told = '';
  let wrong = '';
  try {
    await load.running;
    const over = load.report.then(() => Promise.reject(new Error('the load ended before what it was for')));
    const work = Promise.all([happen(kubernetes, Number(env.USERS)), delay(shortestMs)]);
    [told] = await Promise.race([work, over]);
  } catch (error) {
    wrong = (error as Error).message;
  } finally {
    load.stop();
  }
  await load.verdict.catch((error: Error) => process.stdout.write(`${error.message}\n`));
  const figures = figuresOf(await load.report);
  if (movesOnce && figures.movedAgain > 0) wrong ||= `${figures.movedAgain} clients were moved more than once`;
  return { scene: name, load: Math.round(before * 10) / 10, told, wrong, ...figures };
}

function figuresOf({ counters, seconds, settings, times, verdict }: LoadReport) {
  const { acknowledged, drops, hints, movedAgain } = counters;
  const { queued, deliveries, counts } = verdict;
  const ms = (value = 0) => Math.round(value);
  return {
    ...{ seed: settings.seed, users: settings.users, seconds: Math.round(seconds) },
    ...{ acknowledged, queued, deliveries, findings: counts, drops, hints, movedAgain },
    ...{ ackP50Ms: ms(times.ack?.p50), ackP99Ms: ms(times.ack?.p99) },
  };
}

const columns: [string, (row: Row) => unknown][] = [
  ['what happens', ({ scene }) => scene],
  ['seconds', ({ seconds }) => seconds],
  ['acknowledged', ({ acknowledged }) => acknowledged],
  ['of them queued', ({ queued }) => queued],
  ['deliveries', ({ deliveries }) => deliveries],
  ['lost', ({ findings: { lost, stale, queuedLost } }) => (lost ?? 0) + (stale ?? 0) + (queuedLost ?? 0)],
  ['twice', ({ findings: { twice, storedTwice } }) => (twice ?? 0) + (storedTwice ?? 0)],
  ['out of order', ({ findings: { misordered, senderOrder, different } }) => (misordered ?? 0) + (senderOrder ?? 0) + (different ?? 0)],
  ['acknowledged but missing', ({ findings: { missing } }) => missing ?? 0],
  ['connections lost without a hint', ({ drops }) => drops],
  ['hints', ({ hints }) => hints],
  ['moved again within 5 min', ({ movedAgain }) => movedAgain],
  ['ack p50 ms', ({ ackP50Ms }) => ackP50Ms],
  ['ack p99 ms', ({ ackP99Ms }) => ackP99Ms],
  ['load before', ({ load }) => load],
];

function toMarkdown(machine: string, date: string, rows: readonly Row[]): string {
  const line = (cells: readonly unknown[]) => `| ${cells.join(' | ')} |`;
  const table = [
    line(columns.map(([title]) => title)),
    line(columns.map(() => '---')),
    ...rows.map((row) => line(columns.map(([, of]) => of(row)))),
  ];
  const notes = rows.flatMap(({ scene, told, wrong }) => (told || wrong ? [`- ${scene}: ${wrong ? `**${wrong}**` : told}`] : []));
  return `# Pods that come and go under load

Made by \`make e2e FULL=1\` on ${date}, ${machine}: the cluster of \`make cluster\` and the load generator on the same cores, ${rows[0]?.users ?? 0} people
through the Ingress who send ${usual.RATE} messages a second. Each column of errors counts over all members and all
acknowledged messages ([how](../../loadtest/README.md)). A killed pod takes its connections with it without a hint.

${table.join('\n')}

${notes.join('\n')}
`;
}

/** After each scene, so that a run that is stopped leaves what it has. */
async function keep(kubernetes: Kubernetes, rows: readonly Row[]): Promise<void> {
  const { version } = (await kubernetes.get()).status;
  const machine = `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}, Kubernetes 1.37.1, server ${version}`;
  const date = new Date().toISOString().slice(0, 10);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'kubernetes.json'), `${JSON.stringify({ command: 'make e2e FULL=1', date, machine, rows }, null, 2)}\n`);
  writeFileSync(join(folder, 'kubernetes.md'), toMarkdown(machine, date, rows));
}

async function main(): Promise<void> {
  const only = process.env.SCENE ? new RegExp(process.env.SCENE, 'i') : undefined;
  await using kubernetes = await startKubernetes();
  await kubernetes.edit(forTests);
  const rows: Row[] = [];
  for (const scene of scenes.filter(({ name }) => only?.test(name) ?? true)) {
    process.stdout.write(`${scene.name} … `);
    const row = await play(kubernetes, scene);
    rows.push(row);
    process.stdout.write(`${isRight(row) ? 'right' : 'WRONG'} ${JSON.stringify(row)}\n`);
    if (!only) await keep(kubernetes, rows);
  }
  if (rows.length === 0 || !rows.every(isRight)) process.exitCode = 1;
}

await main();
