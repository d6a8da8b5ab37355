import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { objectWith, ruleCases } from './rule-cases.ts';
import { anySpec } from './testing-specs.ts';
import { validateChatCluster } from './validate.ts';

/** The same table is put to a real API server in crd.test.ts. */
test('refuses and takes what the API server does', () => {
  for (const { at, bad, good, from } of ruleCases) {
    assert.deepEqual(validateChatCluster(objectWith(at, good)), [], `${at}: ${JSON.stringify(good)}`);
    if (from === undefined) assert.notDeepEqual(validateChatCluster(objectWith(at, bad)), [], `${at}: ${JSON.stringify(bad)}`);
  }
});

test('takes whatever the API server takes', () => {
  fc.assert(fc.property(anySpec, (spec) => assert.deepEqual(validateChatCluster({ ...objectWith('paused', undefined), spec }), [])));
});

const sentences: [at: string, value: unknown, message: RegExp][] = [
  ['replicas', 'two', /^spec\.replicas: Invalid value: "two": must be of type integer$/],
  ['replicas', 1_001, /^spec\.replicas: Invalid value: 1001: must be at most 1000$/],
  ['autoscaling.engine', 'Auto', /supported values: Operator, HPA, KEDA, External, Disabled/],
  ['autoscaling.maxReplica', 3, /^unknown field "spec\.autoscaling\.maxReplica"$/],
  ['database.external', {}, /^spec\.database\.external\.urlSecretRef: Required value/],
  ['upgrade.maxSurge', 'half', /^spec\.upgrade\.maxSurge: Invalid value: "half"/],
];

test('says which field is wrong and how', () => {
  for (const [at, value, message] of sentences) assert.match(validateChatCluster(objectWith(at, value))[0] ?? '', message);
  assert.match(validateChatCluster({ metadata: {}, spec: {} })[0] ?? '', /metadata\.name/);
  assert.match(validateChatCluster(undefined)[0] ?? '', /write a ChatCluster/);
});
