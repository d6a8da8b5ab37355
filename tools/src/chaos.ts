import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { type Report, runFault } from '../../server/tests/_chaos.ts';
import { startCluster } from '../../server/tests/_cluster.ts';
import { createFaults } from '../../server/tests/_faults.ts';
import { runMain, ServiceError } from './process.ts';

const folder = join(import.meta.dirname, '../../docs/benchmarks');
/** Longer than in the tests: here nobody waits for the suite. */
const times = { redisFrozenMs: 30_000, postgresFrozenMs: 30_000, podFrozenMs: 60_000, downMs: 3_000 };

const wrong = (report: Report) =>
  report.lost + report.appliedTwice + report.outOfOrder + report.acknowledgedButMissing + report.late + report.clientFaults.length;

const columns: [title: string, value: (report: Report) => string | number][] = [
  ['fault', ({ fault }) => fault],
  ['acknowledged', ({ acknowledged }) => acknowledged],
  ['of them queued', ({ queued }) => queued],
  ['deliveries', ({ deliveries }) => deliveries],
  ['lost', ({ lost }) => lost],
  ['twice', ({ appliedTwice }) => appliedTwice],
  ['out of order', ({ outOfOrder }) => outOfOrder],
  ['acknowledged but missing', ({ acknowledgedButMissing }) => acknowledgedButMissing],
  ['later than 5 s', ({ late }) => late],
  ['worst delivery ms', ({ worstMs }) => worstMs],
  ['sockets dropped', ({ drops }) => drops],
  ['worst time away ms', ({ worstAwayMs }) => worstAwayMs],
  ['on the wire: misordered', ({ wire }) => wire.misordered],
  ['on the wire: repeated', ({ wire }) => wire.repeated],
];

function toMarkdown(reports: Report[], machine: string): string {
  const row = (cells: (string | number)[]) => `| ${cells.join(' | ')} |`;
  return [
    '# Faults under load',
    '',
    `Made by \`make chaos\` on ${machine}: three pods, one Postgres, one Redis, 50 senders and 200 receivers on stock Socket.IO`,
    'clients. Each column of errors counts over all members. Times run from the end of the fault, or from the acknowledgement if',
    'that came later. The wire columns show what came to the sockets before the client rule put it in order.',
    '',
    row(columns.map(([title]) => title)),
    row(columns.map(() => '---')),
    ...reports.map((report) => row(columns.map(([, value]) => value(report)))),
    '',
  ].join('\n');
}

runMain(async () => {
  await using cluster = await startCluster();
  const reports: Report[] = [];
  for (const fault of createFaults(times)) {
    process.stdout.write(`${fault.name} … `);
    const report = await runFault(cluster, fault);
    reports.push(report);
    process.stdout.write(
      `${report.acknowledged} acknowledged, ${report.deliveries} deliveries: ${report.lost} lost, ${report.appliedTwice} twice, ` +
        `${report.outOfOrder} out of order, ${report.acknowledgedButMissing} acknowledged but missing; worst ${report.worstMs} ms\n`,
    );
  }
  const machine = `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}`;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'chaos.json'), `${JSON.stringify({ command: 'make chaos', machine, reports }, null, 2)}\n`);
  writeFileSync(join(folder, 'chaos.md'), toMarkdown(reports, machine));
  process.stdout.write('written: docs/benchmarks/chaos.json, docs/benchmarks/chaos.md\n');
  if (reports.some((report) => wrong(report) > 0)) throw new ServiceError('something was lost, doubled, misordered or late');
});
