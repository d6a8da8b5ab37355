import type { Report } from '../../../server/tests/_chaos.ts';

export type Row = Report & { fanout: string };

const wrongCount = (row: Row) =>
  row.lost + row.appliedTwice + row.outOfOrder + row.acknowledgedButMissing + row.late + row.clientFaults.length;

export const isRight = (row: Row): boolean => wrongCount(row) === 0;

const columns: [title: string, value: (row: Row) => string | number][] = [
  ['fault', ({ fault }) => fault],
  ['FANOUT', ({ fanout }) => fanout],
  ['acknowledged', ({ acknowledged }) => acknowledged],
  ['of them queued', ({ queued }) => queued],
  ['deliveries', ({ deliveries }) => deliveries],
  ['lost', ({ lost }) => lost],
  ['twice', ({ appliedTwice }) => appliedTwice],
  ['out of order', ({ outOfOrder }) => outOfOrder],
  ['acknowledged but missing', ({ acknowledgedButMissing }) => acknowledgedButMissing],
  ['late', ({ late }) => late],
  ['worst delivery ms', ({ worstMs }) => worstMs],
  ['sockets dropped', ({ drops }) => drops],
  ['worst time away ms', ({ worstAwayMs }) => worstAwayMs],
  ['on the wire: misordered', ({ wire }) => wire.misordered],
  ['on the wire: repeated', ({ wire }) => wire.repeated],
];

/** Both ways to fan out under one another, fault by fault. */
export function toMarkdown(rows: readonly Row[], { command, machine }: { command: string; machine: string }): string {
  const line = (cells: (string | number)[]) => `| ${cells.join(' | ')} |`;
  const sorted = [...Map.groupBy(rows, ({ fault }) => fault).values()].flat();
  const details = sorted.filter(({ details: text }) => text !== undefined);
  return [
    '# Faults under load',
    '',
    `Made by \`${command}\` on ${machine}: three pods, one Postgres, one Redis, 50 senders and 200 receivers on stock Socket.IO`,
    'clients without a periodic check. Each column of errors counts over all members. Times run from the end of the fault, or from the',
    'acknowledgement if that came later. Late: more than 2 s after the acknowledgement, and more than 5 s after the end of the fault or',
    "of the receiver's own absence. The wire columns show what came to the sockets before the client rule put it in order.",
    '',
    line(columns.map(([title]) => title)),
    line(columns.map(() => '---')),
    ...sorted.map((row) => line(columns.map(([, value]) => value(row)))),
    '',
    ...details.flatMap(({ fanout, fault, details: text = '' }) => [`${fault}, ${fanout}: ${text}.`, '']),
  ].join('\n');
}
