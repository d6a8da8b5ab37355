import assert from 'node:assert/strict';
import { ctr } from '@chatcluster/tools/kubernetes/node/commands';
import { fullName } from '@chatcluster/tools/kubernetes/images/oci';
import { eventually } from '@chatcluster/tools/testing';
import { untilBalanced } from './_balance.ts';
import type { Component, Kubernetes } from './_kubernetes.ts';
import { following } from './_settings.ts';

export interface Scene {
  name: string;
  /** Nobody is moved a second time. Where pods are replaced, who had to leave one is moved to the next one's share. */
  movesOnce?: true;
  /** Before the load comes. */
  prepare?(kubernetes: Kubernetes): Promise<void>;
  /** While it is on; gives what is worth telling. Throws when it did not go as promised. */
  happen(kubernetes: Kubernetes, users: number): Promise<string>;
}

const FEW = 2;
const MANY = 6;
const patience = { deadlineMs: 300_000, intervalMs: 500 };
const balance = { tolerance: 0.2, limitMs: 60_000 };
const fixed = (replicas: number) => ({ replicas, autoscaling: { engine: 'Disabled', minReplicas: 1 } });
const withPods = (count: number) => async (kubernetes: Kubernetes) => {
  await kubernetes.edit(fixed(count));
  await kubernetes.untilOnlyPods('realtime', count);
  await kubernetes.untilReady();
};

/** More people than a pod may carry, then few: the numbers stay, what a pod may carry changes. */
const scaling: Scene = {
  name: `${FEW} → ${MANY} → ${FEW} pods by the autoscaler`,
  movesOnce: true,
  async prepare(kubernetes) {
    await withPods(FEW)(kubernetes);
    await kubernetes.edit(following({ minReplicas: FEW, maxReplicas: MANY, connectionsPerPod: 1_000_000 }));
    await kubernetes.untilReady();
  },
  async happen(kubernetes, users) {
    await kubernetes.edit(following({ minReplicas: FEW, maxReplicas: MANY, connectionsPerPod: Math.floor(users / MANY) }));
    const pods = await kubernetes.untilReadyPods('realtime', MANY);
    const sinceMs = performance.now();
    const { isBalanced, seconds, connections } = await untilBalanced(kubernetes, {
      ...balance,
      pods: pods.map(({ metadata }) => metadata.name),
      sinceMs,
    });
    await kubernetes.edit(following({ minReplicas: FEW, maxReplicas: MANY, connectionsPerPod: 1_000_000 }));
    await kubernetes.untilOnlyPods('realtime', FEW);
    assert.ok(isBalanced, `not within 20 % of the mean after ${seconds} s: ${connections.join(', ')}`);
    return `within 20 % of the mean ${seconds} s after the last pod was ready (${connections.join(', ')})`;
  },
};

/** Kills the process and waits for another pod in its place. */
export async function killPod(kubernetes: Kubernetes, component: Component, count: number): Promise<void> {
  const [victim] = await kubernetes.untilReadyPods(component, count);
  await kubernetes.kubectl('delete', 'pod', victim!.metadata.name, '--grace-period=0', '--force');
  await eventually(
    async () => {
      const pods = await kubernetes.readyPods(component);
      return pods.length === count && pods.every(({ metadata }) => metadata.uid !== victim!.metadata.uid);
    },
    { ...patience, message: `${component} did not come back` },
  );
}

const killing = (component: Component, times: number): Scene => ({
  name: `${component === 'realtime' ? 'realtime pods' : `the pod of ${component === 'redis' ? 'Redis' : 'Postgres'}`} killed, ${times} times`,
  prepare: withPods(3),
  async happen(kubernetes) {
    for (let i = 0; i < times; i += 1) await killPod(kubernetes, component, component === 'realtime' ? 3 : 1);
    await kubernetes.untilReady();
    return '';
  },
});

/** The same program under another number: the migration Job runs and every pod is replaced, there and back. */
const upgrade: Scene = {
  name: 'rolling upgrade to another version, and back',
  prepare: withPods(3),
  async happen(kubernetes) {
    const before = (await kubernetes.get()).status.version ?? '';
    const next = `${before}-next`;
    const image = (version: string) => fullName(`chatcluster/server:${version}`);
    await ctr('images', 'tag', '--force', image(before), image(next));
    const to = async (version: string) => {
      await kubernetes.edit({ version });
      await eventually(async () => (await kubernetes.get()).status.version === version, {
        ...patience,
        message: `${version} does not run`,
      });
      await kubernetes.untilReady();
      await kubernetes.untilOnlyPods('realtime', 3);
    };
    try {
      await to(next);
    } finally {
      await to(before);
    }
    return `${before} → ${next} → ${before}`;
  },
};

/** There is one node: what is evicted comes back only when the node takes pods again. */
const drained: Scene = {
  name: 'node drained (kubectl drain), then taken back',
  prepare: withPods(3),
  async happen(kubernetes) {
    const { kubectl, name } = kubernetes;
    const node = (await kubectl('get', 'nodes', '-o', 'name')).trim();
    try {
      const pods = ['--pod-selector', `app.kubernetes.io/instance=${name}`];
      const work = kubectl('drain', node, '--ignore-daemonsets', '--delete-emptydir-data', '--force', '--timeout=20s', ...pods);
      await assert.rejects(work, /disruption budget|global timeout/);
      assert.ok((await kubernetes.readyPods('realtime')).length >= 1, 'no realtime pod is left');
    } finally {
      await kubectl('uncordon', node);
    }
    await kubernetes.untilOnlyPods('realtime', 3);
    await kubernetes.untilReady();
    return 'a pod of every role stayed';
  },
};

const restarted: Scene = {
  name: 'rolling restart (kubectl rollout restart)',
  prepare: withPods(3),
  async happen(kubernetes) {
    await kubernetes.kubectl('rollout', 'restart', `deployment/${kubernetes.name}-realtime`);
    await kubernetes.kubectl('rollout', 'status', `deployment/${kubernetes.name}-realtime`, '--timeout=300s');
    await kubernetes.untilOnlyPods('realtime', 3);
    return '';
  },
};

export const scenes: readonly Scene[] = [
  scaling,
  restarted,
  upgrade,
  killing('realtime', 3),
  drained,
  killing('redis', 2),
  killing('postgres', 2),
];
