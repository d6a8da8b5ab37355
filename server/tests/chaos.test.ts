import assert from 'node:assert/strict';
import { after, before, type TestContext, test } from 'node:test';
import { type Report, runFault } from './_chaos.ts';
import { type Cluster, startCluster } from './_cluster.ts';
import { createFaults } from './_faults.ts';

let cluster: Cluster;

before(async () => {
  cluster = await startCluster();
});
after(() => cluster[Symbol.asyncDispose]());

function assertNothingWrong(t: TestContext, report: Report): void {
  t.diagnostic(JSON.stringify(report));
  const { lost, appliedTwice, outOfOrder, acknowledgedButMissing, late, clientFaults } = report;
  assert.deepEqual(
    { lost, appliedTwice, outOfOrder, acknowledgedButMissing, late, clientFaults },
    { lost: 0, appliedTwice: 0, outOfOrder: 0, acknowledgedButMissing: 0, late: 0, clientFaults: [] },
  );
  assert.ok(report.acknowledged >= 300, `only ${report.acknowledged} messages: this run proves little`);
}

for (const fault of createFaults({ redisFrozenMs: 10_000, postgresFrozenMs: 15_000, podFrozenMs: 10_000, downMs: 1_000 })) {
  test(`${fault.name} under 50 senders and 200 receivers loses, doubles and misorders nothing`, async (t) => {
    assertNothingWrong(t, await runFault(cluster, fault));
  });
}
