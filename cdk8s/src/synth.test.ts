import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App, Chart } from 'cdk8s';
import { parseAllDocuments } from 'yaml';
import { ChatCluster } from './chat-cluster.ts';
import { synth } from './synth.ts';

const written = (spec: string) => `apiVersion: chatcluster.dev/v1beta1
kind: ChatCluster
metadata: {name: chat, namespace: team}
spec: ${spec}
`;
const smallest = written('{database: {evaluation: {}}, redis: {managed: {shards: 2}}}');

interface Printed {
  kind: string;
  metadata: { name: string; namespace: string; ownerReferences?: object[] };
  spec?: { replicas?: number; scaleTargetRef?: { kind: string } };
  stringData?: Record<string, string>;
}

function run(yaml: string, ...args: string[]): { objects: Map<string, Printed>; hint: string; yaml: string } {
  const printed = synth(['--file', 'chat.yaml', ...args], () => yaml);
  const objects = parseAllDocuments(printed.yaml).map((document) => document.toJS() as Printed);
  return { ...printed, objects: new Map(objects.map((object) => [`${object.kind}/${object.metadata.name}`, object])) };
}

test('prints the same text each time, without Secrets, and says which are needed', () => {
  const { yaml, hint, objects } = run(smallest);
  assert.equal(run(smallest).yaml, yaml);
  assert.ok(![...objects.keys()].some((id) => id.startsWith('Secret/')));
  assert.match(hint, /chat-database, chat-redis.*--secrets only/);
  assert.equal(objects.get('StatefulSet/chat-redis-1')?.metadata.ownerReferences, undefined);
});

test('prints new passwords only when asked, and only them', () => {
  const { objects } = run(smallest, '--secrets', 'only');
  assert.deepEqual([...objects.keys()], ['Secret/chat-database', 'Secret/chat-redis', 'Secret/chat-admin-link']);
  const again = run(smallest, '--secrets', 'only').objects.get('Secret/chat-redis')?.stringData?.password;
  assert.notEqual(objects.get('Secret/chat-redis')?.stringData?.password, again);
});

test('scales with an HPA on the Deployment, or keeps the number of replicas', () => {
  const scaled = run(smallest).objects;
  assert.equal(scaled.get('HorizontalPodAutoscaler/chat-realtime')?.spec?.scaleTargetRef?.kind, 'Deployment');
  assert.equal(scaled.get('Deployment/chat-realtime')?.spec?.replicas, undefined);
  const fixed = run(written('{database: {evaluation: {}}, redis: {managed: {}}, replicas: 3, autoscaling: {engine: Disabled}}')).objects;
  assert.equal(fixed.get('HorizontalPodAutoscaler/chat-realtime'), undefined);
  assert.equal(fixed.get('Deployment/chat-realtime')?.spec?.replicas, 3);
});

test('makes a new migration Job for a new release or another pod, and keeps it otherwise', () => {
  const job = (...args: string[]) => [...run(smallest, ...args).objects.keys()].find((id) => id.startsWith('Job/'));
  assert.equal(job('--version', '1.4.0'), job('--version', '1.4.0'));
  assert.notEqual(job('--version', '1.4.0'), job('--version', '1.5.0'));
  assert.notEqual(job('--version', '1.4.0'), job('--version', '1.4.0', '--server-image', 'registry.example.com/server'));
});

test('refuses what the API server would refuse, in its words', () => {
  assert.throws(() => run(written('{database: {}, redis: {managed: {}}}')), /spec\.database: .*write exactly one of external/);
  assert.throws(() => run(written('{database: {evaluation: {}}, redis: {managed: {}}, replica: 2}')), /unknown field "spec\.replica"/);
  assert.throws(() => synth([], () => ''), /--file is missing/);
  assert.throws(() => run(smallest, '--secrets', 'all'), /none, only or include/);
});

test('the construct gives a ChatCluster, and checks it when the chart is rendered', () => {
  const render = (maxReplicas: number) => {
    const app = new App();
    const chart = new Chart(app, 'team', { namespace: 'team' });
    new ChatCluster(chart, 'chat', { spec: { database: { evaluation: {} }, redis: { managed: {} }, autoscaling: { maxReplicas } } });
    return app.synthYaml();
  };
  assert.match(render(9), /kind: ChatCluster\nmetadata:\n {2}name: chat\n {2}namespace: team\n/);
  assert.throws(() => render(1), /minReplicas must not be above maxReplicas/);
});
