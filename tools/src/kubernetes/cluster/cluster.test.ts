import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fullName } from '../images/oci.ts';
import { inputsOf } from '../inputs.ts';
import { pushCommands } from './registry.ts';
import { chooseTarget, kubeconfigFile } from './target.ts';

test('a KUBECONFIG of the user decides for that cluster, one that we wrote does not', () => {
  assert.equal(chooseTarget('elsewhere/config'), 'given');
  assert.notEqual(chooseTarget(kubeconfigFile), 'given');
  assert.notEqual(chooseTarget(''), 'given');
});

test('images keep their names in a registry', () => {
  const image = { name: 'chatcluster/server:1', digest: 'sha256:0', file: 'server.tar', bytes: 1 };
  const expected = ['skopeo', 'copy', 'oci-archive:server.tar', 'docker://registry.example.com/team/chatcluster/server:1'];
  assert.deepEqual(pushCommands([image], 'registry.example.com/team'), [expected]);
});

test('the inputs of an image are the same when nothing changed', () => {
  assert.equal(inputsOf('redis'), inputsOf('redis'));
  assert.notEqual(inputsOf('redis'), inputsOf('postgres'));
});

describe('the full name of an image', () => {
  const cases = {
    redis: 'docker.io/library/redis',
    'chatcluster/server:1': 'docker.io/chatcluster/server:1',
    'chatcluster.local/pause:1': 'chatcluster.local/pause:1',
  };
  for (const [name, full] of Object.entries(cases)) test(`of ${name} is ${full}`, () => assert.equal(fullName(name), full));
});
