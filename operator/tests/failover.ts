import { setTimeout as delay } from 'node:timers/promises';
import { eventually, type Lab } from '../src/controller/testing.ts';
import { defineResource, type KubeObject } from '../src/runtime/object.ts';

interface Lease extends KubeObject {
  spec?: { holderIdentity?: string };
}
const leases = defineResource<Lease>({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', plural: 'leases', namespaced: true });
const lease = { namespace: 'default', name: 'bench' };

export interface Candidate {
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
  ended: Promise<unknown>;
}

/** Seconds until the other replica leads, by the Lease: after the leader was asked to end, and after it was killed. */
export async function measureFailover(
  lab: Lab,
  start: (env: Record<string, string>) => Promise<Candidate>,
): Promise<{ cleanStopSeconds: number; crashSeconds: number }> {
  const env = { LEADER_ELECTION: 'on', POD_NAMESPACE: lease.namespace, LEASE_NAME: lease.name };
  const replica = (name: string) => start({ ...env, POD_NAME: name });
  const untilLeads = (name: string) =>
    eventually(async () => (await lab.client.find(leases, lease))?.spec?.holderIdentity === name, { deadlineMs: 120_000, intervalMs: 20 });
  const measure = async (leader: Candidate, signal: 'SIGTERM' | 'SIGKILL', next: string): Promise<number> => {
    // The next one watches already, and has seen the Lease, as a replica in production has.
    await delay(10_000);
    const startedAt = performance.now();
    leader.kill(signal);
    await untilLeads(next);
    await leader.ended;
    return Math.round((performance.now() - startedAt) / 100) / 10;
  };
  const first = await replica('first');
  await untilLeads('first');
  const second = await replica('second');
  const cleanStopSeconds = await measure(first, 'SIGTERM', 'second');
  const third = await replica('third');
  const crashSeconds = await measure(second, 'SIGKILL', 'third');
  third.kill('SIGTERM');
  await third.ended;
  return { cleanStopSeconds, crashSeconds };
}
