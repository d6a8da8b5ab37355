import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { createClient } from '@chatcluster/client';
import { OPERATOR_NAMESPACE, RELEASE } from '@chatcluster/tools/kubernetes/cluster/install';
import { nodeObstacle } from '@chatcluster/tools/kubernetes/node/preflight';
import { eventually } from '@chatcluster/tools/testing';
import { backupTests } from './_backup.ts';
import { applyObject, type Kubernetes, startKubernetes } from './_kubernetes.ts';
import { type LoadCounters, startLoad } from './_load.ts';
import { chat } from './_people.ts';
import { policyTests } from './_policies.ts';
import { routeTests } from './_routes.ts';
import { killPod } from './_scenes.ts';
import { following, forTests } from './_settings.ts';

const root = join(import.meta.dirname, '..', '..');
const chart = join(root, 'chart');
const k6 = join(root, 'k6', 'run.ts');
const obstacle = process.env.KUBECONFIG ? undefined : nodeObstacle();
if (obstacle) process.stdout.write(`skipped: no Kubernetes on this machine: ${obstacle}\n`);

describe('a ChatCluster on a real Kubernetes', { skip: obstacle, timeout: 2_700_000 }, () => {
  let kubernetes: Kubernetes;
  const stack = new AsyncDisposableStack();

  before(async () => {
    kubernetes = stack.use(await startKubernetes());
    await kubernetes.edit({ ...forTests, autoscaling: { engine: 'Disabled', minReplicas: 1 }, replicas: 2 });
    await kubernetes.untilReady();
    await kubernetes.untilReadyPods('realtime', 2);
  });
  after(() => stack.disposeAsync());

  const chatOver = () => chat(kubernetes.frontUrl);

  /** Load with the oracle for as long as something happens, however slow; nothing may be lost, doubled or out of order. */
  async function underLoad(happening: () => Promise<void>, messagesPerSecond = 1): Promise<LoadCounters> {
    const rate = `${messagesPerSecond}`;
    const load = startLoad({ URL: kubernetes.frontUrl, USERS: '60', RATE: rate, DURATION: '1200', SETTLE: '120' });
    try {
      await load.running;
      await Promise.race([happening(), load.verdict.then(() => assert.fail('the load ended before what it was for'))]);
    } finally {
      load.stop();
    }
    return load.verdict;
  }

  test('tells a person what they want to know', async () => {
    const { kubectl, name } = kubernetes;
    await kubectl('wait', '--for=condition=Ready', `chatcluster/${name}`, '--timeout=300s');
    const [header = '', row = ''] = (await kubectl('get', 'cc')).split('\n');
    assert.match(header, /NAME\s+READY\s+REASON\s+REPLICAS\s+.*CONNECTIONS\s+VERSION\s+AGE/);
    assert.match(row, /^chat\s+True/);
    assert.match(await kubectl('get', 'cc', '-o', 'wide'), /DATABASE\s+REDIS\s+URL/);
    assert.match(await kubectl('explain', 'chatcluster.spec'), /autoscaling\s+<Object>[\s\S]*database\s+<Object>[\s\S]*redis\s+<Object>/);
    assert.match(await kubectl('explain', 'chatcluster.spec.autoscaling.engine'), /Who decides/);
    assert.match(await kubectl('describe', 'cc', name), /Events:/);
    const { status } = await kubernetes.get();
    assert.equal(status.url, 'http://localhost');
    for (const condition of status.conditions ?? []) assert.notEqual(condition.message, '', `${condition.type} has a message`);
  });

  test('serves the web app, and people chat over WebSocket through the Ingress', async () => {
    const page = await fetch(kubernetes.frontUrl);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /<div id="root"/);
    await chatOver();
  });

  test('follows kubectl scale, and new pods get their share of the sockets', async () => {
    await kubernetes.kubectl('scale', 'chatcluster', kubernetes.name, '--replicas=3');
    await kubernetes.untilReadyPods('realtime', 3);
    assert.equal((await kubernetes.untilReady()).status.replicas, 3);
    await chatOver();
  });

  test('loses nothing in a rolling restart under load, and no client its connection without a hint', async () => {
    const { drops, hints } = await underLoad(async () => {
      await kubernetes.kubectl('rollout', 'restart', `deployment/${kubernetes.name}-realtime`);
      await kubernetes.kubectl('rollout', 'status', `deployment/${kubernetes.name}-realtime`, '--timeout=300s');
      await kubernetes.untilOnlyPods('realtime', 3);
    });
    assert.ok(hints >= 60, `${hints} hints`);
    assert.equal(drops, 0);
  });

  test('loses nothing when pods are deleted under load, one of them without grace', async () => {
    await underLoad(async () => {
      const [first, second] = await kubernetes.untilReadyPods('realtime', 3);
      await kubernetes.kubectl('delete', 'pod', first!.metadata.name, '--grace-period=0', '--force');
      await kubernetes.kubectl('delete', 'pod', second!.metadata.name, '--wait=false');
      await kubernetes.untilOnlyPods('realtime', 3);
    });
  });

  test('keeps a pod of every role while its node is drained', async () => {
    const { kubectl, name } = kubernetes;
    const node = (await kubectl('get', 'nodes', '-o', 'name')).trim();
    try {
      const drained = kubectl(
        'drain',
        node,
        '--ignore-daemonsets',
        '--delete-emptydir-data',
        '--timeout=12s',
        '--pod-selector',
        `app.kubernetes.io/instance=${name},app.kubernetes.io/component=realtime`,
      );
      await assert.rejects(drained, /disruption budget|global timeout/);
      assert.ok((await kubernetes.readyPods('realtime')).length >= 1);
      await chatOver();
    } finally {
      await kubectl('uncordon', node);
    }
    await kubernetes.untilReadyPods('realtime', 3);
  });

  test('scales up and down with its connections under load, and no client loses its connection without a hint', async () => {
    const carrying = (connectionsPerPod: number) => following({ minReplicas: 1, maxReplicas: 3, connectionsPerPod });
    await kubernetes.edit({ replicas: 1 });
    await kubernetes.untilOnlyPods('realtime', 1);
    await kubernetes.edit(carrying(20));
    const { drops, hints } = await underLoad(async () => {
      await kubernetes.untilReadyPods('realtime', 3);
      // The same people, but now one pod may carry them.
      await kubernetes.edit(carrying(200));
      await kubernetes.untilOnlyPods('realtime', 1);
    });
    assert.equal(drops, 0);
    assert.ok(hints > 0, 'nobody was moved');
    const { status } = await kubernetes.get();
    assert.equal(typeof status.autoscaler?.desired, 'number');
  });

  test('hands the decision to a HorizontalPodAutoscaler, which adds pods when they are busy', async () => {
    await kubernetes.edit({ autoscaling: { engine: 'HPA', minReplicas: 2, maxReplicas: 3, targets: { eventLoopUtilizationPercent: 1 } } });
    await underLoad(async () => {
      // A hundredth of a core is nothing: people who talk are more.
      await kubernetes.untilReadyPods('realtime', 3);
    }, 30);
    const condition = 'jsonpath={.items[0].status.conditions[?(@.type=="ScalingActive")].status}';
    assert.equal(await kubernetes.kubectl('get', 'hpa', '-o', condition), 'True');
    assert.match(await kubernetes.kubectl('top', 'pods'), new RegExp(`${kubernetes.name}-realtime`));
    await kubernetes.edit({ autoscaling: { engine: 'Disabled' }, replicas: 2 });
    await kubernetes.untilReady();
  });

  test('loses nothing when the pods of Redis and Postgres are killed under load', async () => {
    await underLoad(async () => {
      for (const component of ['redis', 'postgres'] as const) await killPod(kubernetes, component, 1);
      await kubernetes.untilReady();
    });
  });

  test('is loaded by a k6 scenario that runs as a Job beside the pods', async () => {
    const env = { ...process.env, JOB: '1', LOCAL_DIR: dirname(kubernetes.kubeconfig), P99_MS: '30000', DURATION: '5s' };
    await promisify(execFile)(process.execPath, [k6, 'smoke'], { env });
    const job = `job/${kubernetes.name}-k6-smoke`;
    // Its pod has ended; that the Job says so too is the controller's next step.
    await kubernetes.kubectl('wait', job, '--for=condition=Complete', '--timeout=60s');
    await kubernetes.kubectl('delete', job);
  });

  backupTests(() => kubernetes);
  policyTests(() => kubernetes);
  routeTests(() => kubernetes);

  test('goes on through helm upgrade, and while its operator is uninstalled and installed again', async () => {
    const { helm, kubectl, name } = kubernetes;
    const where = ['--namespace', OPERATOR_NAMESPACE];
    await helm('upgrade', RELEASE, chart, ...where, '--reuse-values', '--set', 'logLevel=debug', '--wait', '--timeout', '5m');
    await helm('test', RELEASE, ...where, '--timeout', '5m');
    await kubernetes.untilReady();
    const values = join(tmpdir(), `chat-values-${process.pid}.json`);
    writeFileSync(values, await helm('get', 'values', RELEASE, ...where, '-o', 'json'));
    try {
      // Without --wait: that of Helm 4 may miss that something is gone, and waits on (helm/helm#31766).
      await helm('uninstall', RELEASE, ...where);
      await kubectl('wait', 'pods', '--all', ...where, '--for=delete', '--timeout=5m');
      assert.match(await kubectl('get', 'cc', '-o', 'name'), new RegExp(name));
      await chatOver();
    } finally {
      await helm('install', RELEASE, chart, ...where, '-f', values, '--set', 'logLevel=info', '--wait', '--timeout', '5m');
      rmSync(values);
    }
    await kubernetes.edit({ replicas: 3 });
    await kubernetes.untilReadyPods('realtime', 3);
    await kubernetes.edit({ replicas: 2 });
    await kubernetes.untilReadyPods('realtime', 2);
  });

  test('comes back from its kept data after it was deleted', async () => {
    const ada = createClient({ url: kubernetes.frontUrl });
    await ada.guest({ displayName: 'Ada' });
    const { id } = await ada.createGroup({ title: 'Kept', memberIds: [] });
    const manifest = JSON.parse(await kubernetes.kubectl('get', 'cc', kubernetes.name, '-o', 'json')) as { spec: object };
    await kubernetes.kubectl('delete', 'cc', kubernetes.name, '--timeout=300s');
    assert.match(await kubernetes.kubectl('get', 'pvc'), new RegExp(`${kubernetes.name}-postgres`));
    assert.equal((await kubernetes.kubectl('get', 'deployments', '-o', 'name')).trim(), '');
    await applyObject(kubernetes, {
      apiVersion: 'chatcluster.dev/v1beta1',
      kind: 'ChatCluster',
      metadata: { name: kubernetes.name },
      spec: manifest.spec,
    });
    await kubernetes.untilReady();
    ada.start();
    await eventually(() => ada.conversations().some((conversation) => conversation.id === id), {
      deadlineMs: 60_000,
      message: 'the conversation is gone',
    });
    await ada[Symbol.asyncDispose]();
  });
});
