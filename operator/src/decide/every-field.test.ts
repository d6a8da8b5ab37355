import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type ChatClusterSpec, withDefaults } from '../api/index.ts';
import type { JsonSchema } from '../api/schema.ts';
import { spec as node } from '../api/spec.ts';
import { anySpec } from '../api/testing-specs.ts';
import { recommend } from '../autoscale/recommend.ts';
import { emptyHistory } from '../autoscale/types.ts';
import { renderDesired } from '../desired/render.ts';
import type { Observed } from '../gather/observed.ts';
import { findConditions } from '../status/conditions.ts';
import { listProblems } from './problems.ts';
import { planRelease } from './release.ts';
import { nowMs, observe } from './testing.ts';

/** Paths of everything that a person can write a value for; items of a list are `[]`. */
function listLeaves(schema: JsonSchema, path = ''): string[] {
  if (schema.items) return listLeaves(schema.items, `${path}[]`);
  const fields = Object.entries(schema.properties ?? {});
  return fields.length === 0 ? [path] : fields.flatMap(([name, field]) => listLeaves(field, path === '' ? name : `${path}.${name}`));
}

/** The same value, which notes what is looked at. */
function watched<T>(value: T, seen: Set<string>, path = ''): T {
  if (typeof value !== 'object' || value === null) return value;
  return new Proxy(value, {
    get(target, name, receiver) {
      const found: unknown = Reflect.get(target, name, receiver);
      if (typeof name !== 'string' || typeof found === 'function' || !Object.hasOwn(target, name)) return found;
      if (Array.isArray(target) && name === 'length') return found;
      const below = Array.isArray(target) ? `${path}[]` : path === '' ? name : `${path}.${name}`;
      seen.add(below);
      return watched(found, seen, below);
    },
  });
}

const capabilities = { gatewayApi: true, serviceMonitor: true, prometheusRule: true, cloudNativePG: true, keda: true };
const view = (observed: Observed) => ({
  observed,
  release: planRelease(observed),
  problems: listProblems(observed),
  deployments: {},
  unexpectedVictims: [],
  isApplied: true,
});

/** Everything that the operator makes of a spec. */
function useAll(given: ChatClusterSpec, seen: Set<string>): void {
  const spec = watched(withDefaults(given), seen);
  for (const status of [{}, { version: '1.0.0', migration: { version: spec.version ?? '1.0.0', phase: 'Succeeded' as const } }]) {
    const observed = observe({ spec: given, status, more: { spec, capabilities } });
    renderDesired(observed, planRelease(observed));
    findConditions(view(observed));
  }
  for (const connections of [0, 1_000_000]) {
    const load = { connections, acceptPerSecond: connections, eventLoopUtilization: 0.5, heapUsedRatio: 0.5 };
    const observation = { replicas: 5, isRollingOut: false, podStartSeconds: 5, pods: [{ name: 'one', isReady: true, load }] };
    const history = { ...emptyHistory, recommendations: [{ atMs: nowMs - 7_200_000, replicas: 5 }] };
    recommend(history, observation, spec.autoscaling, nowMs);
  }
}

describe('every field of the spec', () => {
  it('is looked at when objects are rendered', () => {
    const seen = new Set<string>();
    for (const spec of fc.sample(anySpec, { numRuns: 600, seed: 1 })) useAll(spec, seen);
    const ignored = listLeaves(node.schema).filter((leaf) => !seen.has(leaf));
    assert.deepEqual(ignored, []);
  });
});
