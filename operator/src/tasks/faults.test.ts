import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import fc from 'fast-check';
import { type FaultyLab, type KillStep, killAt, startFaultyLab } from '../controller/testing-crash.ts';
import { bringUp, crds, createCluster, eventually, finishJobs, type Lab, type Operator, rollOut, smallest } from '../controller/testing.ts';
import type { TestingProxy } from '../runtime/testing-proxy.ts';
import { createBackup, createRestore, leavePod, listJobs, readBackup, readRestore } from './testing.ts';

let faulty: FaultyLab;
let lab: Lab;
let proxy: TestingProxy;
before(async () => {
  faulty = await startFaultyLab();
  ({ lab, proxy } = faulty);
});
after(() => faulty[Symbol.asyncDispose]());

/** A backup, and the restore of it into a new ChatCluster; what it came to, and how many Jobs it took. */
async function play(steps: KillStep[]): Promise<unknown> {
  const namespace = await lab.createNamespace();
  const fate = killAt(proxy, steps);
  const start = () => lab.startOperator({ source: { connection: proxy.connection }, env: { WATCH_NAMESPACES: namespace } });
  let operator: Operator = start();
  await createRestore(lab.client, namespace, { clusterRef: { name: 'copy' }, source: { backupRef: { name: 'now' } } });
  await createCluster(lab.client, namespace, { ...smallest, backup: { target: { volume: {} } } });
  await createCluster(lab.client, namespace, smallest, 'copy');
  await createBackup(lab.client, namespace);
  const made = { backup: new Set<string>(), restore: new Set<string>() };
  await eventually(
    async () => {
      if (fate.isDead()) {
        await operator.stop();
        fate.revive();
        operator = start();
      }
      for (const [role, uids] of Object.entries(made)) {
        for (const job of await listJobs(lab.client, namespace, role)) {
          const { uid = '', name } = job.metadata;
          if (!uids.has(uid)) await leavePod(lab.client, job, { ok: true, name, rows: 1, conversations: 0 } as { ok: boolean });
          uids.add(uid);
        }
      }
      await finishJobs(lab.client, namespace);
      await rollOut(lab.client, namespace);
      const [restore, deployed] = [await readRestore(lab.client, namespace), await listJobs(lab.client, namespace, 'migrate')];
      return restore.status?.phase === 'Succeeded' && !deployed.some(({ metadata }) => metadata.name.startsWith('copy-'));
    },
    { deadlineMs: 120_000, describe: () => JSON.stringify(steps) },
  );
  await operator.stop();
  const [backup, restore] = [await readBackup(lab.client, namespace), await readRestore(lab.client, namespace)];
  return [backup.status?.phase, restore.status?.phase, made.backup.size, made.restore.size];
}

it('begins each task once and comes to its end, wherever the operator is killed', async () => {
  const step = fc.record({ write: fc.integer({ min: 1, max: 60 }), isAfter: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 4 }), async (steps) => {
      assert.deepEqual(await play(steps), ['Succeeded', 'Succeeded', 1, 1]);
    }),
    { numRuns: Number(process.env.CRASH_RUNS ?? 3), endOnFailure: true },
  );
});

it('works on ChatClusters where the CRDs of backups are missing', async () => {
  for (const name of ['chatclusterbackups', 'chatclusterrestores']) {
    await lab.client.delete(crds, { name: `${name}.chatcluster.dev` });
  }
  await eventually(async () => (await lab.client.find(crds, { name: 'chatclusterrestores.chatcluster.dev' })) === undefined);
  const namespace = await lab.createNamespace();
  const operator = lab.startOperator({ env: { WATCH_NAMESPACES: namespace } });
  await createCluster(lab.client, namespace);
  await bringUp(lab.client, namespace);
  await operator.stop();
});
