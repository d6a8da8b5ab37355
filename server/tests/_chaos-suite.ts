import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { type Report, runFault } from './_chaos.ts';
import { createFaults, type Fault, type Stage } from './_faults.ts';
import { type OpenStage, openStage } from './_stages.ts';

/** Shorter than in `make chaos`; a frozen Postgres must still outlast the clients' patience of 10 s. */
const times = {
  redisFrozenMs: 6_000,
  postgresFrozenMs: 12_000,
  podFrozenMs: 8_000,
  downMs: 1_000,
  jitter: { rounds: 3, everyMs: 1_500 },
  scaledMs: 1_000,
  clockWrongMs: 2_000,
  diskFullMs: 1_000,
};
/** How fast a busy machine is says nothing: late is here what came by luck, not by design. */
const limits = { afterAckMs: 30_000, afterFaultMs: 30_000 };
/** Even: two share a group. */
const senders = 24;
const least = 300;

function assertNothingWrong(t: TestContext, report: Report): void {
  t.diagnostic(JSON.stringify(report));
  const { lost, appliedTwice, outOfOrder, acknowledgedButMissing, late, clientFaults } = report;
  assert.deepEqual(
    { lost, appliedTwice, outOfOrder, acknowledgedButMissing, late, clientFaults },
    { lost: 0, appliedTwice: 0, outOfOrder: 0, acknowledgedButMissing: 0, late: 0, clientFaults: [] },
  );
  assert.ok(report.acknowledged >= least, `only ${report.acknowledged} messages: this run proves little`);
}

export interface ChaosSuite {
  /** @default 'usual' */
  stage?: Stage;
  select(fault: Fault): boolean;
}

/** A test for each of the faults that are chosen, over one cluster. `SEED` and `FANOUT` change what runs. */
export function defineChaosSuite({ stage: needed = 'usual', select }: ChaosSuite): void {
  const { SEED: seed = '1', FANOUT: fanout } = process.env;
  const faults = createFaults({ ...times, random: { rounds: 1, everyMs: 6_000, seed: Number(seed) } });
  let stage: OpenStage | undefined;
  before(async () => {
    stage = await openStage(needed, fanout ? { FANOUT: fanout } : {});
  });
  after(() => stage?.[Symbol.asyncDispose]());
  for (const fault of faults.filter((each) => (each.stage ?? 'usual') === needed && select(each)))
    test(`${fault.name} under load loses, doubles and misorders nothing`, async (t) =>
      assertNothingWrong(t, await runFault({ ...stage!, fault, limits, senders })));
}
