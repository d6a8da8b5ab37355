import { forget, type Moment, scaleDownLimit, scaleUpLimit, stabilize } from './behavior.ts';
import { planReplicas } from './signals.ts';
import type { History, Limit, Observation, Recommendation, ScalingSpec } from './types.ts';

/** How many realtime pods there should be. Pure; the returned history goes into the next call. */
export function recommend(history: History, observation: Observation, spec: ScalingSpec, nowMs: number): Recommendation {
  const current = observation.replicas;
  const wanted = planReplicas(observation, spec);
  const clamped = clamp(wanted.replicas, spec);
  const asked = holdsBack(observation, wanted.missing) ? Math.max(clamped, current) : clamped;
  const known = forget(history, spec, nowMs);
  // The first look at a cluster: what runs now counts as asked for, so that a new leader takes nothing away at once.
  const seen = history.recommendations.length === 0 ? [{ atMs: nowMs, replicas: current }] : known.recommendations;
  const calm = stabilize(current, asked, { history: { ...known, recommendations: seen }, spec, nowMs });
  const allowed = limitPace(current, calm, { history: known, spec, nowMs });
  // Bounds come last: they may have been edited, and what they say needs no patience.
  const desired = clamp(allowed, spec);
  const limit = desired === wanted.replicas ? undefined : explain({ wanted, clamped, asked, calm, allowed, desired, observation });
  return {
    desired,
    signal: wanted.signal,
    ...(limit && { limit }),
    wanted: wanted.replicas,
    missing: wanted.missing,
    history: {
      recommendations: [...seen, { atMs: nowMs, replicas: asked }],
      changes: desired === current ? known.changes : [...known.changes, { atMs: nowMs, delta: desired - current }],
    },
  };
}

function clamp(replicas: number, { minReplicas, maxReplicas }: ScalingSpec): number {
  return Math.min(maxReplicas, Math.max(minReplicas, replicas));
}

/** Ready pods that do not answer may be the fullest ones, and a rollout moves the connections about. */
function holdsBack({ isRollingOut }: Observation, missing: number): boolean {
  return isRollingOut || missing > 0;
}

function limitPace(current: number, calm: number, { history, spec: { behavior }, nowMs }: Moment): number {
  if (calm > current) return Math.min(calm, scaleUpLimit(current, history, behavior.scaleUp, nowMs));
  if (calm < current) return Math.max(calm, scaleDownLimit(current, history, behavior.scaleDown, nowMs));
  return calm;
}

interface Steps {
  wanted: { replicas: number; missing: number };
  clamped: number;
  asked: number;
  calm: number;
  allowed: number;
  desired: number;
  observation: Observation;
}

/** The step that took the last say. */
function explain({ wanted, clamped, asked, calm, allowed, desired, observation }: Steps): Limit {
  if (desired > allowed) return 'TooFewReplicas';
  if (desired < allowed) return 'TooManyReplicas';
  if (allowed !== calm) return calm > allowed ? 'ScaleUpLimit' : 'ScaleDownLimit';
  if (calm !== asked) return 'Stabilized';
  if (asked !== clamped) return wanted.missing > 0 || !observation.isRollingOut ? 'MissingData' : 'RollingOut';
  return wanted.replicas > clamped ? 'TooManyReplicas' : 'TooFewReplicas';
}
