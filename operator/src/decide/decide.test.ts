import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { names } from '@chatcluster/cdk8s/names';
import fc from 'fast-check';
import { type ChatClusterSpec, type ChatClusterStatus, withDefaults } from '../api/index.ts';
import { renderDesired } from '../desired/render.ts';
import type { Child } from '../gather/lean.ts';
import type { Observed } from '../gather/observed.ts';
import type { SecretDigest } from '../gather/secret-digest.ts';
import { buildStatus } from '../status/build.ts';
import { factsFor, imageOf } from './facts.ts';
import { planPool } from './pool.ts';
import { listProblems } from './problems.ts';
import { planRelease, releaseAnnotation } from './release.ts';
import { nowMs, observe, smallest } from './testing.ts';

const own = names({ name: 'chat' });
const migrated = (version: string): ChatClusterStatus => ({ version, migration: { version, phase: 'Succeeded' } });
const job = (version: string, type?: 'Complete' | 'Failed', at = '2026-01-01T00:00:00Z'): Record<string, Partial<Child>> => ({
  [`Job/${own.migrate(version)}`]: { status: { conditions: type ? [{ type, status: 'True', lastTransitionTime: at }] : [] } },
});
const stuck = { observedGeneration: 1, conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }] };

describe('planRelease', () => {
  it('runs nothing before the first migration', () => {
    const plan = planRelease(observe());
    assert.deepEqual([plan.effective, plan.migration.phase, plan.migration.action], [undefined, 'Pending', 'run']);
  });

  it('runs what the operator comes with when the spec names no version', () => {
    assert.equal(planRelease(observe({ status: migrated('1.0.0') })).effective, '1.0.0');
  });

  it('keeps the good release until the new one is migrated', () => {
    const spec = { ...smallest, version: '2.0.0' };
    assert.equal(planRelease(observe({ spec, status: migrated('1.0.0') })).effective, '1.0.0');
    assert.equal(planRelease(observe({ spec, status: migrated('1.0.0'), children: job('2.0.0') })).effective, '1.0.0');
    assert.equal(planRelease(observe({ spec, status: migrated('1.0.0'), children: job('2.0.0', 'Complete') })).effective, '2.0.0');
  });

  it('tries a failed migration again, each time later', () => {
    const spec = { ...smallest, version: '2.0.0' };
    const at = (attempts: number, seconds: number) =>
      planRelease(
        observe({ spec, children: job('2.0.0', 'Failed'), more: { migrationAttempts: attempts, nowMs: nowMs + seconds * 1_000 } }),
      ).migration.action;
    assert.deepEqual(
      [at(0, 29), at(0, 30), at(1, 59), at(1, 60), at(50, 3_599), at(50, 3_600)],
      ['none', 'retry', 'none', 'retry', 'none', 'retry'],
    );
  });

  it('rolls a stuck release back to the good one, and stays there', () => {
    const spec = { ...smallest, version: '2.0.0' };
    const status: ChatClusterStatus = { version: '1.0.0', migration: { version: '2.0.0', phase: 'Succeeded' } };
    const children = {
      'Deployment/chat-api': {
        status: stuck,
        metadata: { name: 'chat-api', generation: 1, annotations: { [releaseAnnotation]: '2.0.0' } },
      },
    };
    const plan = planRelease(observe({ spec, status, children }));
    assert.deepEqual([plan.effective, plan.rollback?.from, plan.rollback?.to], ['1.0.0', '2.0.0', '1.0.0']);
    const later = planRelease(observe({ spec, status: { ...status, rollback: { from: '2.0.0', to: '1.0.0' } } }));
    assert.equal(later.effective, '1.0.0');
    const other = planRelease(
      observe({ spec: { ...smallest, version: '3.0.0' }, status: { ...status, rollback: { from: '2.0.0', to: '1.0.0' } } }),
    );
    assert.deepEqual([other.rollback, other.migration.version], [undefined, '3.0.0']);
    const disabled = planRelease(observe({ spec: { ...spec, upgrade: { autoRollback: false } }, status, children }));
    assert.equal(disabled.effective, '2.0.0');
  });
});

describe('renderDesired', () => {
  const kinds = (observed: Observed) => renderDesired(observed, planRelease(observed)).objects.map(({ kind }) => kind);

  it('leaves the server out until there is something to run', () => {
    assert.ok(!kinds(observe()).includes('Deployment') && kinds(observe()).includes('Job'));
  });

  it('renders only the Job of the new release while it is migrated', () => {
    const observed = observe({ spec: { ...smallest, version: '2.0.0' }, status: migrated('1.0.0') });
    const { objects } = renderDesired(observed, planRelease(observed));
    const images = objects
      .map((object) => [object.kind, /server:([\d.]+)/.exec(JSON.stringify(object))?.[1]])
      .filter(([, version]) => version);
    assert.deepEqual([...new Set(images.filter(([kind]) => kind === 'Job').map(([, version]) => version))], ['2.0.0']);
    assert.deepEqual([...new Set(images.filter(([kind]) => kind === 'Deployment').map(([, version]) => version))], ['1.0.0']);
  });

  it('never says how many realtime pods there are', () => {
    const observed = observe({ status: migrated('1.0.0') });
    const realtime = renderDesired(observed, planRelease(observed)).objects.find(
      ({ metadata, kind }) => kind === 'Deployment' && metadata.name === 'chat-realtime',
    );
    assert.ok(realtime);
    assert.equal((realtime?.spec as { replicas?: number } | undefined)?.replicas, undefined);
  });
});

describe('factsFor', () => {
  it('rolls pods for a changed Secret, unless they read it again by themselves', () => {
    const spec: ChatClusterSpec = {
      ...smallest,
      access: { host: 'chat.example.com' },
      auth: { signingKeysSecretRef: { name: 'signing' } },
      mail: { smtpSecretRef: { name: 'mail', key: 'url' } },
    };
    const digest = (name: string) => ({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, keys: [], digest: 'x', ports: {} });
    const secrets = new Map(['signing', 'mail'].map((name) => [name, digest(name)]));
    const { checksums } = factsFor(observe({ spec, more: { secrets } }), { version: '1', requested: '1', applied: true });
    assert.deepEqual(checksums, { mail: 'x' });
  });
});

describe('listProblems', () => {
  const external: ChatClusterSpec = { database: { external: { urlSecretRef: { name: 'mine', key: 'url' } } }, redis: { managed: {} } };

  it('names what is missing and what to do', () => {
    const spec: ChatClusterSpec = {
      ...external,
      access: { host: 'a.b', gateway: { parentRefs: [{ name: 'g' }] } },
      autoscaling: { engine: 'KEDA' },
    };
    assert.deepEqual(
      listProblems(observe({ spec })).map(({ reason }) => reason),
      ['GatewayApiMissing', 'KedaMissing', 'SecretMissing'],
    );
    assert.deepEqual(
      listProblems(observe({ spec: { ...smallest, database: { cloudNativePG: {} } } })).map(({ reason }) => reason),
      ['CloudNativePGMissing'],
    );
  });

  it('names the Secret of the replicas that is missing, and lets pods out to the ports of both', () => {
    const database = { external: { urlSecretRef: { name: 'mine', key: 'url' }, readUrlSecretRef: { name: 'replica', key: 'urls' } } };
    const digest = (name: string, key: string, ports: number[]): [string, SecretDigest] => [
      name,
      { apiVersion: 'v1', kind: 'Secret', metadata: { name }, keys: [key], digest: name, ports: { [key]: ports } },
    ];
    const spec: ChatClusterSpec = { ...external, database };
    const lacking = listProblems(observe({ spec, more: { secrets: new Map([digest('mine', 'url', [5432])]) } }));
    assert.deepEqual(
      lacking.map(({ about, reason }) => [about, reason]),
      [['database', 'SecretMissing']],
    );
    assert.match(lacking[0]!.message, /Secret replica .*spec\.database\.external\.readUrlSecretRef/);
    const secrets = new Map([digest('mine', 'url', [6432]), digest('replica', 'urls', [5432, 6432])]);
    const { externalPorts, checksums } = factsFor(observe({ spec, more: { secrets } }), { version: '1', requested: '1', applied: true });
    assert.deepEqual(externalPorts, { database: [5432, 6432] });
    assert.deepEqual(checksums, { mine: 'mine', replica: 'replica' });
  });

  it('names the Secret with a CA that is missing, and the key that it lacks', () => {
    const ca = { name: 'trust', key: 'ca.crt' };
    const spec: ChatClusterSpec = {
      database: { external: { urlSecretRef: { name: 'mine', key: 'url' }, caSecretRef: ca } },
      redis: { external: { urlsSecretRef: { name: 'mine', key: 'url' }, caSecretRef: ca } },
    };
    const digest = (name: string, key: string): [string, SecretDigest] => [
      name,
      { apiVersion: 'v1', kind: 'Secret', metadata: { name }, keys: [key], digest: name, ports: {} },
    ];
    const problemsWith = (...more: [string, SecretDigest][]) =>
      listProblems(observe({ spec, more: { secrets: new Map([digest('mine', 'url'), ...more]) } }));
    assert.deepEqual(
      problemsWith().map(({ about, reason, message }) => [about, reason, /spec\.\S+/.exec(message)?.[0]]),
      [
        ['database', 'SecretMissing', 'spec.database.external.caSecretRef'],
        ['redis', 'SecretMissing', 'spec.redis.external.caSecretRef'],
      ],
    );
    assert.deepEqual(
      problemsWith(digest('trust', 'tls.crt')).map(({ about, reason }) => [about, reason]),
      [
        ['database', 'SecretKeyMissing'],
        ['redis', 'SecretKeyMissing'],
      ],
    );
    assert.deepEqual(problemsWith(digest('trust', 'ca.crt')), []);
  });

  it('complains about no Secret that it may not read, unless a pod does', () => {
    assert.deepEqual(listProblems(observe({ spec: external, more: { secrets: undefined } })), []);
    const trouble = { reason: 'CreateContainerConfigError', message: 'secret "mine" not found' };
    const pods = [{ metadata: { name: 'p' }, component: 'migrate', isReady: false, isScheduled: true, deletionCost: 0, trouble }];
    assert.deepEqual(
      listProblems(observe({ spec: external, more: { secrets: undefined, pods } })).map(({ reason }) => reason),
      ['SecretMissing'],
    );
  });
});

describe('planPool', () => {
  it('keeps all pods together below max_connections, at their most and during a rollout', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 0, max: 10 }),
        fc.integer({ min: 100, max: 2_000 }),
        (maxReplicas, api, most) => {
          const spec = withDefaults({
            ...smallest,
            database: { cloudNativePG: { parameters: { max_connections: String(most) } } },
            autoscaling: { minReplicas: 1, maxReplicas },
            roles: { api: { replicas: api } },
          });
          const pods = maxReplicas + Math.ceil(maxReplicas / 4) + api + Math.ceil(api / 4) + 2;
          assert.ok(planPool(spec) * pods <= most - 10 || planPool(spec) === 2);
        },
      ),
    );
  });
});

describe('imageOf', () => {
  it('uses a digest for the release that it belongs to only', () => {
    const spec = withDefaults({ ...smallest, image: { registry: 'r.example.com', repository: 'a/b', digest: `sha256:${'0'.repeat(64)}` } });
    const from = { requested: '2', fallback: 'chatcluster/server' };
    assert.equal(imageOf(spec, '2', from), `r.example.com/a/b@sha256:${'0'.repeat(64)}`);
    assert.equal(imageOf(spec, '1', from), 'r.example.com/a/b:1');
    assert.equal(imageOf(withDefaults(smallest), '1', from), 'chatcluster/server:1');
  });
});

describe('buildStatus', () => {
  const anyCondition = fc.record({
    type: fc.constantFrom('Available', 'Progressing', 'Complete', 'Failed', 'Ready'),
    status: fc.constantFrom('True', 'False', 'Unknown'),
  });
  const anyStatus = fc.record({
    observedGeneration: fc.nat(3),
    replicas: fc.nat(3),
    updatedReplicas: fc.nat(3),
    readyReplicas: fc.nat(3),
    availableReplicas: fc.nat(3),
    conditions: fc.array(anyCondition),
  });
  const ids = [
    'Deployment/chat-realtime',
    'Deployment/chat-api',
    'Deployment/chat-worker',
    'StatefulSet/chat-postgres',
    'StatefulSet/chat-redis-0',
    `Job/${own.migrate('1.0.0')}`,
  ];
  const view = (observed: Observed) => ({
    observed,
    release: planRelease(observed),
    problems: listProblems(observed),
    deployments: {},
    unexpectedVictims: [],
    isApplied: true,
  });

  it('never throws, has every condition, and is the same for the same world', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.constantFrom(...ids), anyStatus, { noNullPrototype: true }),
        fc.constantFrom('Operator', 'HPA', 'KEDA', 'External', 'Disabled'),
        (statuses, engine) => {
          const children = Object.fromEntries(Object.entries(statuses).map(([id, status]) => [id, { status }]));
          const spec: ChatClusterSpec = { ...smallest, autoscaling: { engine: engine as 'HPA' } };
          const first = buildStatus(view(observe({ spec, children })));
          assert.equal(first.conditions?.length, 12);
          const later = observe({ spec, children, status: first, more: { nowMs: nowMs + 60_000 } });
          const second = buildStatus(view(later));
          assert.deepEqual(
            second.conditions?.map(({ lastTransitionTime }) => lastTransitionTime),
            first.conditions?.map(({ lastTransitionTime }) => lastTransitionTime),
          );
        },
      ),
    );
  });
});
