import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { renderOperator } from '../src/operator/render-operator.ts';
import { renderChatCluster } from '../src/render.ts';
import { evaluate, firesAt, type Series } from './promql.ts';
import { clusterOf, facts, specs } from './specs.ts';

interface Rule {
  alert: string;
  expr: string;
  for: string;
  labels: Record<string, string>;
}

const MAX = 1_000;
const intervalSeconds = 15;
const evaluations = 61;
/** When things change: after the steps that a rate looks back over. */
const CHANGE = 20;

const objects = renderChatCluster(
  clusterOf({
    ...specs.smallest,
    roles: { realtime: { maxConnections: MAX } },
    monitoring: { rules: 'Enabled', dashboards: 'Enabled' },
  }),
  facts,
);
const { groups } = objects.find(({ kind }) => kind === 'PrometheusRule')!.spec as { groups: { rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const dashboard = objects.find(({ metadata }) => metadata.name === 'chat-dashboard') as unknown as { data: Record<string, string> };
const { panels } = JSON.parse(dashboard.data['chatcluster.json']!) as { panels: { title: string; targets: { expr: string }[] }[] };

/** What a pod says, `metric` or `metric{labels}` → values. */
type Pod = Record<string, string>;

const fine: Pod = {
  up: `1x${evaluations}`,
  chat_sockets: `100x${evaluations}`,
  'chat_handshakes_refused_total{reason="overloaded"}': `0x${evaluations}`,
  'chat_handshakes_refused_total{reason="origin"}': `0+1000x${evaluations}`,
  chat_batch_waiting_rows: `3x${evaluations}`,
  nodejs_eventloop_lag_p99_seconds: `0.01x${evaluations}`,
  'chat_socket_calls_total{event="message:send",outcome="ok"}': `0+100x${evaluations}`,
  'chat_socket_call_seconds_bucket{le="0.1"}': `0+99x${evaluations}`,
  'chat_socket_call_seconds_bucket{le="+Inf"}': `0+100x${evaluations}`,
  process_cpu_seconds_total: `0+3x${evaluations}`,
  process_resident_memory_bytes: `100000000x${evaluations}`,
};

const from = (before: string, then: string) => `${before}x${CHANGE - 1} ${then}x${evaluations - CHANGE}`;
/** As in `from`, for eight steps only: a minute and three quarters from the first to the last. */
const briefly = (usual: string, then: string) => `${usual}x${CHANGE - 1} ${then}x7 ${usual}x${evaluations - CHANGE - 8}`;
const gone = `1x${CHANGE - 1} _x${evaluations - CHANGE}`;
/** A counter that grows by so much from then on. */
const growing = (perStep: number) => `0x${CHANGE - 1} 0+${perStep}x${evaluations - CHANGE}`;
const refused = 'chat_handshakes_refused_total{reason="overloaded"}';

/** As Prometheus stores them: with labels of where it found the pod. */
function scrape(pods: Record<string, Pod>, where = { namespace: 'team', service: 'chat-realtime' }): string[] {
  return Object.entries(pods).flatMap(([pod, said]) =>
    Object.entries(said).map(([name, values]) => {
      const [, metric = '', own = ''] = /^([a-z_0-9]+)(?:\{(.*)\})?$/.exec(name) ?? [];
      const labels = [own, `namespace="${where.namespace}"`, `service="${where.service}"`, `pod="${where.service}-${pod}"`];
      return `${metric}{${labels.filter(Boolean).join(',')}} ${values}`;
    }),
  );
}

/** Everything wrong at once, with others: none of our business. */
const bad: Pod = {
  ...fine,
  up: gone,
  chat_sockets: '5000x60',
  [refused]: '0+900x60',
  chat_batch_waiting_rows: '9000x60',
  nodejs_eventloop_lag_p99_seconds: '9x60',
};
/** Of each replica of the operator, about the ChatCluster that `name` names. */
const said = (ready: string, degraded: string, backup: string, name = 'chat'): Pod => ({
  [`chatcluster_ready{name="${name}"}`]: ready,
  [`chatcluster_degraded{name="${name}"}`]: degraded,
  [`chatcluster_backup_healthy{name="${name}"}`]: backup,
});
const [yes, no] = [`1x${evaluations}`, `0x${evaluations}`];
const content = said(yes, no, yes);
const operator = (namespace: string) => ({ namespace, service: 'chatcluster-operator' });

const neighbours = [
  ...scrape({ a: said(no, yes, no) }, operator('elsewhere')),
  ...scrape({ a: said(no, yes, no, 'other') }, operator('team')),
  ...scrape({ a: bad }, { namespace: 'team', service: 'other-realtime' }),
  ...scrape({ a: bad }, { namespace: 'elsewhere', service: 'chat-realtime' }),
  ...scrape({ a: bad }, { namespace: 'team', service: 'chat-api' }),
];

const ask = (pods: Record<string, Pod>, expressions: readonly string[], status = content) => {
  const series = [...scrape(pods), ...scrape({ a: status, b: status }, operator('team')), ...neighbours];
  return evaluate({ intervalSeconds, evaluations, series, expressions });
};

const stepsOf = (rule: Rule) => (Number(/^(\d+)m$/.exec(rule.for)?.[1]) * 60) / intervalSeconds;

/** Alerts that fire in this world, with the evaluation since when. */
async function firing(pods: Record<string, Pod>, status?: Pod): Promise<Record<string, number>> {
  const answers = await ask(
    pods,
    rules.map(({ expr }) => expr),
    status,
  );
  const found = rules.flatMap((rule, i) => {
    const at = firesAt(answers[i]!, stepsOf(rule));
    return at === undefined ? [] : [[rule.alert, at] as const];
  });
  return Object.fromEntries(found);
}

const worlds: Record<string, [Record<string, Pod>, Record<string, number>, Pod?]> = {
  'nothing while all is well, whatever the neighbours do': [{ a: fine, b: fine }, {}],
  'that nobody answers, two minutes after the last pod is gone': [
    { a: { ...fine, up: from('1', '0') }, b: { ...fine, up: gone } },
    // The sample before counts until the sixth minute without one.
    { ChatClusterDown: CHANGE + 300 / intervalSeconds + 8 - 1 },
  ],
  'that nobody answers, when Prometheus knows of no pod at all': [{}, { ChatClusterDown: 8 }],
  'nothing when one pod of two is gone': [{ a: fine, b: { ...fine, up: from('1', '0') } }, {}],
  'full pods': [
    { a: { ...fine, chat_sockets: from('100', '950') }, b: { ...fine, chat_sockets: from('100', '900') } },
    { ChatClusterNearlyFull: CHANGE + 20 },
  ],
  'nothing when one pod is full and another has room': [
    { a: { ...fine, chat_sockets: from('100', '1000') }, b: { ...fine, chat_sockets: from('100', '700') } },
    {},
  ],
  'full pods, when those that are left have too little room': [
    { a: { ...fine, chat_sockets: '920x60' }, b: { ...fine, up: from('1', '0'), chat_sockets: from('100', '0') } },
    { ChatClusterNearlyFull: CHANGE + 20 },
  ],
  // 1.6 a second, seen over five minutes: more than one after thirteen steps.
  'people who are turned away by any pod': [
    { a: { ...fine, [refused]: growing(12) }, b: { ...fine, [refused]: growing(12) } },
    { ChatClusterRefusesConnections: CHANGE + 13 + 20 },
  ],
  'nothing when few are turned away': [{ a: { ...fine, [refused]: growing(5) }, b: fine }, {}],
  'a database that is behind, on one pod alone': [
    { a: fine, b: { ...fine, chat_batch_waiting_rows: from('3', '501') } },
    { ChatClusterDatabaseBehind: CHANGE + 8 },
  ],
  'nothing when it was behind for less than two minutes': [{ a: fine, b: { ...fine, chat_batch_waiting_rows: briefly('3', '9000') } }, {}],
  'that it is not ready, when that goes on': [{ a: fine }, { ChatClusterNotReady: CHANGE + 40 }, said(from('1', '0'), no, yes)],
  'nothing when it is not ready for a moment': [{ a: fine }, {}, said(briefly('1', '0'), no, yes)],
  'a release that was rolled back': [{ a: fine }, { ChatClusterDegraded: CHANGE + 20 }, said(yes, from('0', '1'), yes)],
  'backups that fail': [{ a: fine }, { ChatClusterBackupUnhealthy: CHANGE + 40 }, said(yes, no, from('1', '0'))],
  'nothing of backups where none are asked for': [{ a: fine }, {}, said(yes, no, `_x${evaluations}`)],
  'a busy pod': [{ a: fine, b: { ...fine, nodejs_eventloop_lag_p99_seconds: from('0.01', '0.3') } }, { ChatClusterPodsBusy: CHANGE + 20 }],
};

describe('the alerts, evaluated by the engine of Prometheus', () => {
  for (const [sentence, [pods, expected, status]] of Object.entries(worlds)) {
    it(`tell ${sentence}`, async () => assert.deepEqual(await firing(pods, status), expected));
  }

  it('name the ChatCluster and its namespace, whatever the expression leaves', () => {
    for (const { alert, labels } of rules)
      assert.deepEqual({ ...labels, severity: '' }, { severity: '', namespace: 'team', chatcluster: 'chat' }, alert);
  });

  it('find what the operator says under the namespace of the ChatCluster, not under its own', () => {
    const monitor = renderOperator({ namespace: 'system', version: '1', serviceMonitor: true }).find(
      ({ kind }) => kind === 'ServiceMonitor',
    );
    assert.equal((monitor!.spec as { endpoints: { honorLabels: boolean }[] }).endpoints[0]?.honorLabels, true);
  });

  it('are each told in some world', () => {
    const told = new Set(Object.values(worlds).flatMap(([, expected]) => Object.keys(expected)));
    assert.deepEqual(
      rules.map(({ alert }) => alert).filter((alert) => !told.has(alert)),
      [],
    );
  });
});

describe('the dashboard', () => {
  let answers: Series[][];
  const targets = panels.flatMap(({ title, targets: all }) => all.map(({ expr }) => ({ title, expr })));
  before(async () => {
    answers = await ask(
      { a: fine, b: fine },
      targets.map(({ expr }) => expr),
    );
  });

  it('shows something in every panel, of this ChatCluster only', () => {
    targets.forEach(({ title }, i) => {
      assert.ok(answers[i]!.length > 0, `${title} is empty`);
      for (const { labels } of answers[i]!) assert.match(labels.pod ?? 'chat-realtime-', /^chat-realtime-/, title);
    });
  });

  it('has the figures that the samples say', () => {
    const last = (title: string) => answers[targets.findIndex((target) => target.title === title)]!.map(({ points }) => points.at(-1)?.[1]);
    assert.deepEqual(last('Sockets'), [100, 100]);
    for (const value of last('Processor time')) assert.ok(Math.abs((value ?? 0) - 0.2) < 1e-6, String(value));
    const [p99 = 0] = last('Time to acknowledge a message, p99');
    assert.ok(p99 > 0.09 && p99 <= 0.1, String(p99));
  });
});
