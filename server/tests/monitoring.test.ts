import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type KubernetesObject, renderChatCluster } from '@chatcluster/cdk8s';
import { withDefaults } from '@chatcluster/operator/api/index';
import { eventually } from '@chatcluster/tools/testing';
import { type Cluster, startPods } from './_pods.ts';

const root = join(import.meta.dirname, '../..');

interface Alert {
  alert: string;
  expr: string;
  annotations: { runbook: string };
}

function render(): { alerts: Alert[]; panels: { title: string; targets: { expr: string }[] }[] } {
  const spec = withDefaults({
    database: { evaluation: {} },
    redis: { managed: {} },
    monitoring: { dashboards: 'Enabled', rules: 'Enabled' },
  });
  const objects = renderChatCluster(
    { name: 'chat', namespace: 'team', spec },
    {
      capabilities: { gatewayApi: false, serviceMonitor: true, prometheusRule: true, cloudNativePG: false, keda: false },
      checksums: {},
      databasePool: 5,
      migration: { version: '1', applied: true },
      serverImage: 'server',
      postgresImage: 'postgres',
      redisImage: 'redis',
      imagePullPolicy: 'Always',
    },
  );
  const find = (kind: string, name: string): KubernetesObject => {
    const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
    assert.ok(found, `${kind}/${name}`);
    return found;
  };
  const { groups } = find('PrometheusRule', 'chat').spec as { groups: { rules: Alert[] }[] };
  const { data } = find('ConfigMap', 'chat-dashboard') as unknown as { data: Record<string, string> };
  return { alerts: groups.flatMap(({ rules }) => rules), panels: JSON.parse(data['chatcluster.json']!).panels };
}

/** What an expression asks for: a metric, the labels that it selects or groups by. */
function readExpression(expr: string): { metric: string; labels: string[]; values: string[] }[] {
  const groups = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(',').map((name) => name.trim()));
  return [...expr.matchAll(/([a-z_0-9]+)\{([^}]*)\}/g)].map(([, metric = '', matchers = '']) => {
    const selected = [...matchers.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = '', value = '']) => ({ label, value }));
    // Prometheus adds these by how it found the pod.
    const own = selected.filter(({ label }) => !['namespace', 'service', 'pod'].includes(label));
    return { metric, labels: [...own.map(({ label }) => label), ...groups], values: own.map(({ label, value }) => `${label}="${value}"`) };
  });
}

const { alerts, panels } = render();
const expressions = [...alerts.map(({ expr }) => expr), ...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))];

let cluster: Cluster;
before(async () => {
  cluster = await startPods(1, { RATE_LIMITS: 'on', HANDSHAKES_PER_SECOND_PER_POD: '1' });
});
after(() => cluster[Symbol.asyncDispose]());

describe('alerts and dashboard', () => {
  it('ask for metrics and labels that a pod really has', async () => {
    const person = await cluster.register();
    using socket = await cluster.connect(person);
    await socket.call('changes', {});
    // One after the other, until the pod has had enough of them.
    const metrics = await eventually(
      async () => {
        await Promise.all(
          Array.from({ length: 5 }, async () => (await cluster.connect(person).catch(() => undefined))?.[Symbol.dispose]()),
        );
        const text = await (await fetch(`${cluster.pod(0).adminUrl}/metrics`)).text();
        return text.includes('chat_handshakes_refused_total{') && text;
      },
      { deadlineMs: 60_000 },
    );
    // Those of the operator are looked up on the operator.
    const asked = expressions.flatMap(readExpression).filter(({ metric }) => metric !== 'up' && !metric.startsWith('chatcluster_'));
    assert.ok(asked.length >= 12);
    for (const { metric, labels, values } of asked) {
      const series = metrics.split('\n').filter((line) => line.startsWith(`${metric}{`) || line.startsWith(`${metric} `));
      assert.ok(series.length > 0, `${metric} is not exposed`);
      for (const label of labels)
        assert.ok(
          series.some((line) => line.includes(`${label}="`)),
          `${metric} has no label ${label}`,
        );
      for (const value of values)
        assert.ok(
          series.some((line) => line.includes(value)),
          `${metric} never has ${value}`,
        );
    }
  });

  it('each alert has a runbook, and each runbook an alert', () => {
    for (const { annotations } of alerts) assert.ok(existsSync(join(root, annotations.runbook)), annotations.runbook);
    const pages = readdirSync(join(root, 'docs/runbooks')).map((page) => page.replace(/\.md$/, ''));
    assert.deepEqual(pages.toSorted(), alerts.map(({ alert }) => alert).toSorted());
  });
});
