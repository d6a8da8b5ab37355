import type { History, ScalingPolicy, ScalingRules, ScalingSpec } from './types.ts';

export interface Moment {
  history: History;
  spec: ScalingSpec;
  nowMs: number;
}

/** The calmest of what was asked for within the windows, as HPA does it: the least for growth, the most for shrinking. */
export function stabilize(current: number, wanted: number, { history, spec, nowMs }: Moment): number {
  const { scaleUp, scaleDown } = spec.behavior;
  let up = wanted;
  let down = wanted;
  for (const { atMs, replicas } of history.recommendations) {
    const ageMs = nowMs - atMs;
    if (ageMs < scaleUp.stabilizationWindowSeconds * 1_000) up = Math.min(up, replicas);
    if (ageMs < scaleDown.stabilizationWindowSeconds * 1_000) down = Math.max(down, replicas);
  }
  if (current < up) return up;
  return current > down ? down : current;
}

/** The most that the policies allow now. */
export function scaleUpLimit(current: number, history: History, rules: ScalingRules, nowMs: number): number {
  if (rules.selectPolicy === 'Disabled') return current;
  if (rules.policies.length === 0) return Number.MAX_SAFE_INTEGER;
  const limits = rules.policies.map((policy) => {
    const before = current - changed(history, policy, 1, nowMs);
    return policy.type === 'Pods' ? before + policy.value : Math.ceil(before * (1 + policy.value / 100));
  });
  const limit = rules.selectPolicy === 'Min' ? Math.min(...limits) : Math.max(...limits);
  return Math.max(current, limit);
}

/** The least that the policies allow now. */
export function scaleDownLimit(current: number, history: History, rules: ScalingRules, nowMs: number): number {
  if (rules.selectPolicy === 'Disabled') return current;
  if (rules.policies.length === 0) return 0;
  const limits = rules.policies.map((policy) => {
    const before = current + changed(history, policy, -1, nowMs);
    return policy.type === 'Pods' ? before - policy.value : Math.ceil(before * (1 - policy.value / 100));
  });
  const limit = rules.selectPolicy === 'Min' ? Math.max(...limits) : Math.min(...limits);
  return Math.min(current, limit);
}

/** Replicas added (or, for -1, taken away) within the policy's period. */
function changed({ changes }: History, { periodSeconds }: ScalingPolicy, sign: 1 | -1, nowMs: number): number {
  return changes
    .filter(({ atMs, delta }) => nowMs - atMs < periodSeconds * 1_000 && Math.sign(delta) === sign)
    .reduce((total, { delta }) => total + Math.abs(delta), 0);
}

/** What no window and no period can see any more is forgotten. */
export function forget({ recommendations, changes }: History, { behavior }: ScalingSpec, nowMs: number): History {
  const { scaleUp, scaleDown } = behavior;
  const windowMs = Math.max(scaleUp.stabilizationWindowSeconds, scaleDown.stabilizationWindowSeconds) * 1_000;
  const periodMs = Math.max(0, ...[...scaleUp.policies, ...scaleDown.policies].map((p) => p.periodSeconds)) * 1_000;
  return {
    recommendations: recommendations.filter(({ atMs }) => nowMs - atMs < windowMs),
    changes: changes.filter(({ atMs }) => nowMs - atMs < periodMs),
  };
}
