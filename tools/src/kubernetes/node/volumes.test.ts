import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Claim, planVolumes, type Volume } from './volumes.ts';

const claim = (change: Partial<Claim['spec']> = {}, status: Claim['status'] = {}): Claim => ({
  metadata: { name: 'data', namespace: 'chat', uid: 'u1' },
  spec: { storageClassName: 'local', accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...change },
  status,
});
const volume = (phase: string, provisioner = 'chatcluster.dev/local'): Volume => ({
  metadata: { name: 'local-u1', annotations: { 'pv.kubernetes.io/provisioned-by': provisioner } },
  spec: { capacity: { storage: '1Gi' }, claimRef: { name: 'data', namespace: 'chat', uid: 'u1' } },
  status: { phase },
});
const bound = { phase: 'Bound', capacity: { storage: '1Gi' } };

describe('a claim gets', () => {
  const cases: Record<string, { claims: Claim[]; volumes: Volume[]; steps: string[] }> = {
    'a volume when it has none': { claims: [claim()], volumes: [], steps: ['create'] },
    'nothing when it is bound': { claims: [claim({}, bound)], volumes: [volume('Bound')], steps: [] },
    'nothing when it is of another class': { claims: [claim({ storageClassName: 'fast' })], volumes: [], steps: [] },
    'more room when it asks for it': {
      claims: [claim({ resources: { requests: { storage: '2Gi' } } }, bound)],
      volumes: [volume('Bound')],
      steps: ['grow'],
    },
    'its volume removed when it is gone': { claims: [], volumes: [volume('Released')], steps: ['remove'] },
    'nothing from a volume of somebody else': { claims: [], volumes: [volume('Released', 'other')], steps: [] },
  };
  for (const [name, { claims, volumes, steps }] of Object.entries(cases)) {
    test(name, () =>
      assert.deepEqual(
        planVolumes(claims, volumes).map((step) => step.do),
        steps,
      ),
    );
  }
});
