import { randomInt } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { type Report, runFault } from '../../server/tests/_chaos.ts';
import { createFaults, type Fault, type Stage } from '../../server/tests/_faults.ts';
import { type OpenStage, openStage } from '../../server/tests/_stages.ts';
import { isRight, type Row, toMarkdown } from './chaos/table.ts';
import { parseChaosSettings } from './chaos/settings.ts';
import { runMain, ServiceError } from './process.ts';

const folder = join(import.meta.dirname, '../../docs/benchmarks');
/** Everyone connected has a message this long after it was acknowledged, or after the end of a fault. */
const limits = { afterAckMs: 2_000, afterFaultMs: 5_000 };

/** Longer than in the tests: here nobody waits for the suite. */
const createAll = (seed: number): Fault[] =>
  createFaults({
    redisFrozenMs: 30_000,
    postgresFrozenMs: 30_000,
    podFrozenMs: 60_000,
    downMs: 3_000,
    jitter: { rounds: 4, everyMs: 15_000 },
    scaledMs: 15_000,
    clockWrongMs: 15_000,
    diskFullMs: 20_000,
    random: { rounds: 4, everyMs: 25_000, seed },
  });

const describe = ({ acknowledged, deliveries, lost, appliedTwice, outOfOrder, acknowledgedButMissing, late, worstMs, details }: Report) =>
  `${acknowledged} acknowledged, ${deliveries} deliveries: ${lost} lost, ${appliedTwice} twice, ${outOfOrder} out of order, ` +
  `${acknowledgedButMissing} acknowledged but missing, ${late} late; worst ${worstMs} ms${details ? ` (${details})` : ''}`;

function whyLeftOut(stage: Stage): string | undefined {
  return stage === 'with a small disk' && process.getuid?.() !== 0 ? 'a small disk is mounted by root only' : undefined;
}

/** A fault that could not be brought about proves nothing, and must not keep the others from it. */
async function runOne(stage: OpenStage, fault: Fault): Promise<Report | undefined> {
  try {
    const report = await runFault({ ...stage, fault, limits, senders: 50 });
    process.stdout.write(`${describe(report)}\n`);
    for (const clientFault of new Set(report.clientFaults)) process.stdout.write(`  a client met: ${clientFault}\n`);
    return report;
  } catch (error) {
    process.stdout.write(`NO RESULT: ${(error as Error).stack}\n`);
    return undefined;
  }
}

/** All faults of one way to fan out; a cluster for those that share one. */
async function* runAll(fanout: string, faults: readonly Fault[]): AsyncGenerator<Row | undefined> {
  for (const [needed, group] of Map.groupBy(faults, ({ stage }) => stage ?? 'usual')) {
    const why = whyLeftOut(needed);
    if (why) {
      for (const { name } of group) process.stdout.write(`${fanout}: ${name} … left out: ${why}\n`);
      continue;
    }
    await using stage = await openStage(needed, { FANOUT: fanout });
    for (const fault of group) {
      process.stdout.write(`${fanout}: ${fault.name} … `);
      const report = await runOne(stage, fault);
      yield report && { fanout, ...report };
    }
  }
}

runMain(async () => {
  const { fanouts, only, seed } = parseChaosSettings(process.env, randomInt(2 ** 31));
  const all = createAll(seed);
  const faults = only ? all.filter(({ name }) => only.test(name)) : all;
  if (faults.length === 0) throw new ServiceError(`no fault matches; there are:\n${all.map(({ name }) => `  ${name}`).join('\n')}`);
  const results: (Row | undefined)[] = [];
  for (const fanout of fanouts) for await (const row of runAll(fanout, faults)) results.push(row);
  const rows = results.filter((row) => row !== undefined);
  const machine = `${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}`;
  if (!only) {
    const command = `make chaos SEED=${seed}`;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'chaos.json'), `${JSON.stringify({ command, machine, reports: rows }, null, 2)}\n`);
    writeFileSync(join(folder, 'chaos.md'), toMarkdown(rows, { command, machine }));
    process.stdout.write('written: docs/benchmarks/chaos.json, docs/benchmarks/chaos.md\n');
  }
  if (rows.length < results.length) throw new ServiceError('not every fault could be brought about');
  if (!rows.every(isRight)) throw new ServiceError(`something was lost, doubled, misordered or late; again: make chaos SEED=${seed}`);
});
