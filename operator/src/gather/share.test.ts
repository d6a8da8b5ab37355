import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLeanChild } from './lean.ts';
import { createShare } from './share.ts';

function child(name: string, instance: string) {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: 'here',
      labels: { 'app.kubernetes.io/instance': instance, 'example.com/other': name },
      ownerReferences: [{ apiVersion: 'chatcluster.dev/v1beta1', kind: 'ChatCluster', name: instance, uid: `uid-of-${instance}` }],
    },
  };
}

test('children of one ChatCluster keep its labels and its owner once', () => {
  const lean = createLeanChild(createShare());
  const [one, two, other] = [lean(child('a', 'chat')), lean(child('b', 'chat')), lean(child('c', 'else'))];
  assert.equal(one.metadata.labels, two.metadata.labels);
  assert.equal(one.metadata.ownerReferences, two.metadata.ownerReferences);
  assert.deepEqual(other.metadata.labels, { 'app.kubernetes.io/instance': 'else' });
  assert.equal(other.metadata.ownerReferences?.[0]?.uid, 'uid-of-else');
});

test('gives what it was given when nothing equal is known', () => {
  const share = createShare();
  const first = { a: 1 };
  assert.equal(share(first), first);
  assert.equal(share({ a: 1 }), first);
  assert.deepEqual(share({ a: 2 }), { a: 2 });
});
