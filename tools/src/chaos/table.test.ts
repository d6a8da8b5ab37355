import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isRight, type Row, toMarkdown } from './table.ts';

const row = (changes: Partial<Row> = {}): Row => ({
  fault: 'SIGKILL of a pod',
  fanout: 'routed',
  faultMs: 10,
  acknowledgedDuring: 1,
  stopMs: 1,
  settleMs: 1,
  drops: 99,
  worstAwayMs: 700,
  clientFaults: [],
  acknowledged: 494,
  queued: 0,
  deliveries: 5_060,
  lost: 0,
  appliedTwice: 0,
  outOfOrder: 0,
  acknowledgedButMissing: 0,
  late: 0,
  p99Ms: 5,
  worstMs: 476,
  wire: { entries: 0, misordered: 3, repeated: 0, gaps: 0 },
  ...changes,
});

test('one finding of any kind makes a run wrong', () => {
  assert.ok(isRight(row()));
  for (const key of ['lost', 'appliedTwice', 'outOfOrder', 'acknowledgedButMissing', 'late'] as const)
    assert.ok(!isRight(row({ [key]: 1 })), key);
  assert.ok(!isRight(row({ clientFaults: ['session ended: revoked'] })));
});

test('the table shows both ways to fan out fault by fault, and what a random schedule did', () => {
  const rows = [
    row(),
    row({ fault: 'three at once', details: 'pod-kill 1–3 s' }),
    row({ fanout: 'streams-adapter' }),
    row({ fault: 'three at once', fanout: 'streams-adapter' }),
  ];
  const lines = toMarkdown(rows, { command: 'make chaos SEED=7', machine: '2 cores' }).split('\n');
  const cells = lines.filter((line) => line.startsWith('| ')).map((line) => line.split(' | ').slice(0, 3));
  assert.deepEqual(cells.slice(2), [
    ['| SIGKILL of a pod', 'routed', '494'],
    ['| SIGKILL of a pod', 'streams-adapter', '494'],
    ['| three at once', 'routed', '494'],
    ['| three at once', 'streams-adapter', '494'],
  ]);
  assert.ok(lines.some((line) => line.includes('`make chaos SEED=7` on 2 cores')));
  assert.ok(lines.includes('three at once, routed: pod-kill 1–3 s.'));
});
