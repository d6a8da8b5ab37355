import { setTimeout as wait } from 'node:timers/promises';
import { nowMs } from '@chatcluster/loadtest/clock';
import { runFaults } from '@chatcluster/loadtest/faults/injector';
import { type FaultKind, type PlannedFault, planFaults } from '@chatcluster/loadtest/faults/plan';
import { faultCells } from '@chatcluster/loadtest/people/witness';
import type { Cluster } from './_cluster.ts';
import type { Fault, FaultTimes, Scene } from './_faults.ts';
import { flushAll, freeze } from './_server-faults.ts';

const atOnce = 3;

/** What the schedule may draw; the judge of the schedule is that of the load generator, which knows what must not meet. */
const actions: Partial<Record<FaultKind, (scene: Scene, fault: PlannedFault) => Promise<unknown>>> = {
  'pod-kill': ({ cluster }, fault) => killPod(cluster, fault),
  'pod-freeze': ({ cluster }, { pick, lastsMs }) => freeze(podOf(cluster, pick), lastsMs),
  'redis-kill': ({ cluster }, { lastsMs }) => cluster.redis.killAndRestart(lastsMs),
  'redis-flush': ({ cluster }) => flushAll(cluster.redis.url),
  'redis-freeze': ({ cluster }, { lastsMs }) => freeze(cluster.redis, lastsMs),
  'postgres-kill': ({ cluster }, { lastsMs }) => cluster.postgres.killAndRestart(lastsMs),
  'postgres-freeze': ({ cluster }, { lastsMs }) => freeze(cluster.postgres, lastsMs),
  'clients-drop': async ({ world: { people } }, { pick }) => people.forEach((person, i) => (i + pick) % 10 === 0 && person.abandon()),
};

function podOf({ pods }: Cluster, pick: number) {
  const pod = pods[pick % pods.length];
  if (!pod) throw new Error('a cluster without pods');
  return pod;
}

async function killPod(cluster: Cluster, { pick, lastsMs }: PlannedFault): Promise<void> {
  const pod = podOf(cluster, pick);
  pod.signal('SIGKILL');
  await pod.ended();
  await wait(lastsMs);
  await pod.start();
}

async function act(scene: Scene, fault: PlannedFault): Promise<string> {
  await actions[fault.kind]?.(scene, fault);
  return '';
}

/** The same seed gives the same schedule; who of the people is where it hits is chance all the same. */
export function randomFault({ rounds, everyMs, seed }: FaultTimes['random']): Fault {
  const available = Object.keys(actions) as FaultKind[];
  const durationMs = rounds * everyMs + 1;
  const plan = planFaults({ text: `random:${atOnce}`, durationMs, everyMs, seed, available });
  return {
    name: `${atOnce} faults at once, ${rounds} times, SEED=${seed}`,
    of: 'both',
    async inject(scene) {
      const records = await runFaults({
        plan,
        injector: { available, inject: (fault) => act(scene, fault) },
        startedAtMs: nowMs(),
        durationMs: Number.POSITIVE_INFINITY,
        cells: new Float64Array(faultCells.length),
        signal: new AbortController().signal,
        say: () => undefined,
      });
      const failed = records.find(({ error }) => error !== undefined);
      if (failed) throw new Error(`${failed.kind} could not be brought about: ${failed.error}`);
      return records.map(({ kind, from, to }) => `${kind} ${from}–${to} s`).join(', ');
    },
  };
}
